"""THE table of what each REST call takes: nothing, somebody who is signed in, or an API key's scope as well.

What is not in it takes a session; a test demands that everything is.
"""

from enum import StrEnum

from autograph_web.api.errors import ScopeMissing, SessionRequired
from autograph_web.api_keys.key import ApiKeyPrincipal, Scope


class Access(StrEnum):
    """What a call takes that no API key opens."""

    PUBLIC = "public"
    SESSION = "session"


ACCESS: dict[str, Access | Scope] = {
    "POST /register": Access.PUBLIC,
    "POST /login": Access.PUBLIC,
    "POST /token": Access.PUBLIC,
    "POST /refresh": Access.PUBLIC,
    "POST /password-reset/request": Access.PUBLIC,
    "POST /password-reset/confirm": Access.PUBLIC,
    "POST /email-verification/confirm": Access.PUBLIC,
    "POST /email-change/confirm": Access.PUBLIC,
    "POST /email-change/undo": Access.PUBLIC,
    "POST /mfa/verify": Access.PUBLIC,
    "GET /health/live": Access.PUBLIC,
    "GET /health/ready": Access.PUBLIC,
    "GET /metrics": Access.PUBLIC,  # for operators: see http/operators.py
    "GET /me": Scope.READ,
    "GET /activity": Scope.READ,
    "GET /mfa/trusted-devices": Scope.READ,
    "GET /admin/users": Scope.ADMIN,
    "GET /admin/users/{user_id}": Scope.ADMIN,
    "POST /admin/users/{user_id}/lock": Scope.ADMIN,
    "DELETE /admin/users/{user_id}/sessions": Scope.ADMIN,
    "GET /admin/audit": Scope.ADMIN,
    "GET /admin/audit/export": Scope.ADMIN,
    "GET /admin/statistics": Scope.ADMIN,
    "GET /admin/flags": Scope.ADMIN,
    # A key must not make itself more than it is, nor take the account from its owner.
    "POST /logout": Access.SESSION,
    "POST /logout-all": Access.SESSION,
    "POST /password-change": Access.SESSION,
    "GET /account/export": Access.SESSION,  # everything at once: for the owner, not for a program
    "GET /activity/export": Access.SESSION,
    "POST /email-verification/request": Access.SESSION,
    "POST /email-change/request": Access.SESSION,
    "DELETE /account": Access.SESSION,
    "POST /mfa/setup": Access.SESSION,
    "POST /mfa/enable": Access.SESSION,
    "POST /mfa/disable": Access.SESSION,
    "POST /mfa/recovery-codes": Access.SESSION,
    "DELETE /mfa/trusted-devices/{device_id}": Access.SESSION,
    # Nor leave anything behind that outlives it and can do more: an account, a role, a way in that was closed
    # or that has one step less.
    "POST /admin/users": Access.SESSION,
    "POST /admin/users/{user_id}/unlock": Access.SESSION,
    "POST /admin/users/{user_id}/role": Access.SESSION,
    "POST /admin/users/{user_id}/mfa/reset": Access.SESSION,
    "POST /admin/addresses/unlock": Access.SESSION,  # or it could guess at passwords without a limit
    "POST /admin/users/{user_id}/limits/lift": Access.SESSION,
    "PUT /admin/flags/{name}": Access.SESSION,
    "GET /sessions": Access.SESSION,
    "DELETE /sessions": Access.SESSION,
    "DELETE /sessions/{session_id}": Access.SESSION,
    "GET /api-keys": Access.SESSION,
    "POST /api-keys": Access.SESSION,
    "DELETE /api-keys/{key_id}": Access.SESSION,
}


def require_scope(holder: ApiKeyPrincipal, call: str) -> None:
    """Let the holder of a key make `call`, if its scopes cover it.

    Raises:
        SessionRequired: No key may.
        ScopeMissing: This one may not.
    """
    needed = ACCESS.get(call)
    if not isinstance(needed, Scope):
        raise SessionRequired
    if needed not in holder.scopes:
        raise ScopeMissing
