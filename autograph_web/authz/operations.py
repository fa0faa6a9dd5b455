"""The table of operations: who may make each REST call, submit each form and open each page.

`python -m autograph_web operations` prints it (docs/api.md). Each interface has one guard that enforces it:
REST `api/authentication.py`, forms `http/native_forms.py`, pages `http/pages.py` and, for the events of a
page's handlers, `ui/account_page.py`. An operation that is not listed requires a session; tests require that
every one is listed.

`recent` is enforced for calls and forms before anything is done, and again by the use case in its unit of
work, which is authoritative; for page events only the use case checks it, and the page then prompts for it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from autograph_web.api_keys.key import ApiKeyPrincipal, Scope
from autograph_web.authz.errors import ScopeMissing, SessionRequired
from autograph_web.authz.principal import Principal
from autograph_web.infra.clock import Clock
from autograph_web.sessions.principal import SessionPrincipal

RequireAdmin = Callable[[Principal], Awaitable[None]]
"""Raises unless the caller is an administrator (`AdminPolicy.require`)."""


class Who(StrEnum):
    """Who may perform an operation; the values are the words of the printed table."""

    PUBLIC = "anyone"
    USER = "a signed-in user"
    ADMIN = "an administrator"


@dataclass(frozen=True, slots=True)
class Operation:
    """Who may perform an operation, and the scope that an API key needs for it (None: no API key may).

    `recent` requires a session to have authenticated within the last ten minutes; an API key has no such
    time.
    """

    who: Who
    scope: Scope | None = None
    recent: bool = False

    async def require(self, caller: Principal, require_admin: RequireAdmin, clock: Clock) -> None:
        """Require that a caller may perform the operation.

        Raises:
            SessionRequired, ScopeMissing: As for `require_scope`.
            NotAdmin: It requires an administrator.
            ReauthenticationRequired: The authentication is too old or too weak.
            Unavailable: The database is unavailable.
        """
        if isinstance(caller, ApiKeyPrincipal):
            self.require_scope(caller)
        if self.who is Who.ADMIN:
            await require_admin(caller)
        if self.recent and isinstance(caller, SessionPrincipal):
            caller.assurance.require_recent(caller.mfa_enabled, clock)

    def require_scope(self, holder: ApiKeyPrincipal) -> None:
        """Require that the scopes of an API key cover the call.

        Raises:
            SessionRequired: No API key may make it.
            ScopeMissing: This API key lacks the scope.
        """
        if self.scope is None:
            raise SessionRequired
        if self.scope not in holder.scopes:
            raise ScopeMissing


REST: dict[str, Operation] = {
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
    "GET /metrics": Operation(Who.PUBLIC),  # for operators: see http/operator_access.py
    "GET /me": Operation(Who.USER, Scope.READ),
    "GET /activity": Operation(Who.USER, Scope.READ),
    "GET /mfa/trusted-devices": Operation(Who.USER, Scope.READ),
    "GET /admin/users": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/users/{user_id}": Operation(Who.ADMIN, Scope.ADMIN),
    "POST /admin/users/{user_id}/lock": Operation(Who.ADMIN, Scope.ADMIN, recent=True),
    "DELETE /admin/users/{user_id}/sessions": Operation(Who.ADMIN, Scope.ADMIN, recent=True),
    "GET /admin/audit": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/audit/export": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/statistics": Operation(Who.ADMIN, Scope.ADMIN),
    "GET /admin/flags": Operation(Who.ADMIN, Scope.ADMIN),
    # An API key must not extend its own privileges or take the account away from its owner.
    "POST /logout": Operation(Who.USER),
    "POST /logout-all": Operation(Who.USER),
    "POST /password-change": Operation(Who.USER),
    "GET /account/export": Operation(Who.USER),  # all data at once: for the user, not for a program
    "GET /activity/export": Operation(Who.USER),
    "POST /email-verification/request": Operation(Who.USER),
    "POST /email-change/request": Operation(Who.USER, recent=True),
    "DELETE /account": Operation(Who.USER, recent=True),
    "POST /mfa/setup": Operation(Who.USER, recent=True),
    "POST /mfa/enable": Operation(Who.USER),
    "POST /mfa/disable": Operation(Who.USER, recent=True),
    "POST /mfa/recovery-codes": Operation(Who.USER, recent=True),
    "DELETE /mfa/trusted-devices/{device_id}": Operation(Who.USER),
    # Nor may it leave a more powerful access that outlives it: an account, a role, or an account unlocked or
    # freed of its second factor.
    "POST /admin/users": Operation(Who.ADMIN, recent=True),
    "POST /admin/users/{user_id}/unlock": Operation(Who.ADMIN, recent=True),
    "POST /admin/users/{user_id}/role": Operation(Who.ADMIN, recent=True),
    "POST /admin/users/{user_id}/mfa/reset": Operation(Who.ADMIN, recent=True),
    # Otherwise an API key could guess passwords without a limit.
    "POST /admin/addresses/unlock": Operation(Who.ADMIN, recent=True),
    "POST /admin/users/{user_id}/limits/lift": Operation(Who.ADMIN, recent=True),
    "PUT /admin/flags/{name}": Operation(Who.ADMIN, recent=True),
    "GET /sessions": Operation(Who.USER),
    "DELETE /sessions": Operation(Who.USER),
    "DELETE /sessions/{session_id}": Operation(Who.USER),
    "GET /api-keys": Operation(Who.USER),
    "POST /api-keys": Operation(Who.USER, recent=True),
    "DELETE /api-keys/{key_id}": Operation(Who.USER),
}
"""The REST calls."""

FORMS: dict[str, Operation] = {
    "POST /session/sign-in": Operation(Who.PUBLIC),
    "POST /session/register": Operation(Who.PUBLIC),
    "POST /session/verify": Operation(Who.PUBLIC),
    "POST /session/start-over": Operation(Who.PUBLIC),
    "POST /session/claim": Operation(Who.PUBLIC),
    "POST /session/end": Operation(Who.PUBLIC),  # idempotent: the session may have ended already
    "POST /session/verify-email": Operation(Who.PUBLIC),
    "POST /session/verify-email/send": Operation(Who.PUBLIC),
    "POST /session/change-email/confirm": Operation(Who.PUBLIC),
    "POST /session/change-email/undo": Operation(Who.PUBLIC),
    "POST /link/exchange": Operation(Who.PUBLIC),
    "POST /link/close": Operation(Who.PUBLIC),
    "POST /recovery/request": Operation(Who.PUBLIC),
    "POST /recovery/password": Operation(Who.PUBLIC),
    "POST /recovery/refuse": Operation(Who.PUBLIC),
    "POST /session/reveal": Operation(Who.USER),
    "POST /session/change-email": Operation(Who.USER, recent=True),
    "POST /session/create-api-key": Operation(Who.USER, recent=True),
    "POST /session/revoke-api-key": Operation(Who.USER),
    "POST /session/password-change": Operation(Who.USER),  # asks for the password itself
    "POST /session/delete-account": Operation(Who.USER, recent=True),
    "POST /session/sign-out-device": Operation(Who.USER),
    "POST /session/sign-out-others": Operation(Who.USER),
}
"""The forms of pages, which browsers submit with their cookie."""

PAGES: dict[str, Operation] = {
    "/": Operation(Who.PUBLIC),
    "/register": Operation(Who.PUBLIC),
    "/login": Operation(Who.PUBLIC),
    "/password-reset": Operation(Who.PUBLIC),
    "/password-reset/confirm": Operation(Who.PUBLIC),
    "/verify-email": Operation(Who.PUBLIC),
    "/change-email": Operation(Who.PUBLIC),
    "/undo-email-change": Operation(Who.PUBLIC),
    "/not-me": Operation(Who.PUBLIC),
    "/forbidden": Operation(Who.PUBLIC),
    "/error": Operation(Who.PUBLIC),
    "/404": Operation(Who.PUBLIC),
    "/dashboard": Operation(Who.USER),
    "/settings/security": Operation(Who.USER),
    "/settings/sessions": Operation(Who.USER),
    "/settings/api-keys": Operation(Who.USER),
    "/settings/activity": Operation(Who.USER),
    "/settings/account": Operation(Who.USER),
    "/admin": Operation(Who.ADMIN),
    "/admin/flags": Operation(Who.ADMIN),
    "/admin/users": Operation(Who.ADMIN),
    "/admin/users/new": Operation(Who.ADMIN),
    "/admin/users/person": Operation(Who.ADMIN),
    "/admin/audit": Operation(Who.ADMIN),
}
"""The pages by path. Who may open a page may also use its handlers."""

_UNLISTED = Operation(Who.USER)


def operation_of(call: str) -> Operation:
    """Return the row of a call or a form, such as "GET /me"; an unlisted one requires a session."""
    return REST.get(call) or FORMS.get(call) or _UNLISTED


def page_operation(path: str) -> Operation:
    """Return the row of a page; an unlisted one requires a session."""
    return PAGES.get(path, _UNLISTED)


def table() -> list[tuple[str, ...]]:
    """Return the table as text: a header and a row for each operation of each interface."""
    rows = [
        (
            face,
            f"`{name}`",
            row.who,
            "yes" if row.recent else "–",
            f"`{row.scope}`" if row.scope else "–",
        )
        for face, operations in (("REST", REST), ("form", FORMS), ("page", PAGES))
        for name, row in operations.items()
    ]
    return [("face", "operation", "who may", "recent authentication", "API key with the scope"), *rows]
