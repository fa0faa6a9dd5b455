"""THE table of REST operations: who may call each, and with which scope an API key may.

`python -m autograph_web operations` prints it (docs/api.md). The guard of REST (`api/identity.py`) enforces
it once for every call; what is not in it takes a session, and a test demands that everything is. Whether a
change also requires recent authentication is for the use case to say, in its own unit of work.
"""

from dataclasses import dataclass
from enum import StrEnum

from autograph_web.api_keys.key import ApiKeyPrincipal, Scope
from autograph_web.authz.errors import ScopeMissing, SessionRequired


class Who(StrEnum):
    """Who may call; the values are the words of the printed table."""

    PUBLIC = "anybody"
    USER = "a signed-in user"
    ADMIN = "an administrator"


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: who may make it, and the scope with which an API key of theirs may (None: no key may)."""

    who: Who
    scope: Scope | None = None

    def require_scope(self, holder: ApiKeyPrincipal) -> None:
        """Let an API key pass whose scopes cover the call.

        Raises:
            SessionRequired: No key may.
            ScopeMissing: This one may not.
        """
        if self.scope is None:
            raise SessionRequired
        if self.scope not in holder.scopes:
            raise ScopeMissing


OPERATIONS: dict[str, Operation] = {
    "POST /register": Operation(Who.PUBLIC),
    "POST /login": Operation(Who.PUBLIC),
    "POST /token": Operation(Who.PUBLIC),
    "POST /refresh": Operation(Who.PUBLIC),
    "POST /password-reset/request": Operation(Who.PUBLIC),
    "POST /password-reset/confirm": Operation(Who.PUBLIC),
    "POST /email-verification/confirm": Operation(Who.PUBLIC),
    "POST /email-change/confirm": Operation(Who.PUBLIC),
    "POST /email-change/undo": Operation(Who.PUBLIC),
    "POST /mfa/verify": Operation(Who.PUBLIC),
    "GET /health/live": Operation(Who.PUBLIC),
    "GET /health/ready": Operation(Who.PUBLIC),
    "GET /metrics": Operation(Who.PUBLIC),  # for operators: see http/operators.py
    "GET /me": Operation(Who.USER, Scope.READ),
    "GET /activity": Operation(Who.USER, Scope.READ),
    "GET /mfa/trusted-devices": Operation(Who.USER, Scope.READ),
    "GET /admin/users": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/users/{user_id}": Operation(Who.ADMIN, Scope.ADMIN),
    "POST /admin/users/{user_id}/lock": Operation(Who.ADMIN, Scope.ADMIN),
    "DELETE /admin/users/{user_id}/sessions": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/audit": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/audit/export": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/statistics": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/flags": Operation(Who.ADMIN, Scope.ADMIN),
    # A key must not make itself more than it is, nor take the account from its owner.
    "POST /logout": Operation(Who.USER),
    "POST /logout-all": Operation(Who.USER),
    "POST /password-change": Operation(Who.USER),
    "GET /account/export": Operation(Who.USER),  # everything at once: for the owner, not for a program
    "GET /activity/export": Operation(Who.USER),
    "POST /email-verification/request": Operation(Who.USER),
    "POST /email-change/request": Operation(Who.USER),
    "DELETE /account": Operation(Who.USER),
    "POST /mfa/setup": Operation(Who.USER),
    "POST /mfa/enable": Operation(Who.USER),
    "POST /mfa/disable": Operation(Who.USER),
    "POST /mfa/recovery-codes": Operation(Who.USER),
    "DELETE /mfa/trusted-devices/{device_id}": Operation(Who.USER),
    # Nor leave anything behind that outlives it and can do more: an account, a role, a way in that was closed
    # or that has one step less.
    "POST /admin/users": Operation(Who.ADMIN),
    "POST /admin/users/{user_id}/unlock": Operation(Who.ADMIN),
    "POST /admin/users/{user_id}/role": Operation(Who.ADMIN),
    "POST /admin/users/{user_id}/mfa/reset": Operation(Who.ADMIN),
    "POST /admin/addresses/unlock": Operation(Who.ADMIN),  # or it could guess at passwords without a limit
    "POST /admin/users/{user_id}/limits/lift": Operation(Who.ADMIN),
    "PUT /admin/flags/{name}": Operation(Who.ADMIN),
    "GET /sessions": Operation(Who.USER),
    "DELETE /sessions": Operation(Who.USER),
    "DELETE /sessions/{session_id}": Operation(Who.USER),
    "GET /api-keys": Operation(Who.USER),
    "POST /api-keys": Operation(Who.USER),
    "DELETE /api-keys/{key_id}": Operation(Who.USER),
}
_UNLISTED = Operation(Who.USER)


def operation_of(call: str) -> Operation:
    """Return the row of a call, such as "GET /me"; one that is not listed takes a session."""
    return OPERATIONS.get(call, _UNLISTED)


def table() -> list[tuple[str, ...]]:
    """Return the table as text: a header and a row for each call."""
    rows = [
        (f"`{call}`", row.who, f"`{row.scope}`" if row.scope else "–") for call, row in OPERATIONS.items()
    ]
    return [("call", "who may", "API key with the scope"), *rows]
