"""REST routes of an account: registration, password change, export and deletion."""

from typing import Any

from fastapi import APIRouter, Response, Security
from fastapi.responses import StreamingResponse

from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.api.authentication import BEARER, COOKIE, CurrentContext, CurrentPrincipal
from autograph_web.api.documentation import problems
from autograph_web.api.schemas.account import AccountOut, MessageOut
from autograph_web.api.schemas.session import TokensOut
from autograph_web.api.strict_json import StrictRoute
from autograph_web.http import cookies
from autograph_web.profile.inputs import DeletionInput, PasswordChangeInput
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, tags=["Account"])
_EXPORTED = {
    "type": "object",
    "required": ["format", "account", "events"],
    "properties": {
        "format": {"type": "string", "examples": ["autograph-account-1"]},
        "account": {"type": "object"},
        "events": {"type": "array", "items": {"type": "object"}},
    },
}
_DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/json": {"schema": _EXPORTED}},
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
    }
}
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]


@router.post("/register", status_code=201, responses=problems(403, 409, 422, 429, 503))
async def register(context: CurrentContext, data: RegistrationInput) -> AccountOut:
    """Create an account. This doesn't sign in; call /login next. We email a verification link.

    Returns 403 `registration_closed` if registration is closed.
    """
    return AccountOut.of(await services().registration.register(context, data))


@router.post("/password-change", responses=problems(401, 403, 422, 429, 503), dependencies=_SIGNED_IN)
async def change_password(
    context: CurrentContext, principal: CurrentPrincipal, data: PasswordChangeInput, response: Response
) -> TokensOut | MessageOut:
    """Change the password. The session is replaced: the response has a new token pair, or sets a new cookie.

    All other sessions end unless `end_other_sessions` is false, and trusted browsers are removed. With
    two-step verification on, a session that never used a code is refused: sign in again.
    """
    grant = await services().password_change.change(context, principal, data)
    if principal.token_id is not None:
        return TokensOut.of(await services().tokens.open_for_client(context, grant))
    session = await services().sessions.open_for_browser(context, grant)
    cookies.set_session(services().settings, response, session.cookie, session.max_age)
    return MessageOut(message="Your password was changed.")


@router.get(
    "/account/export",
    response_class=StreamingResponse,
    responses=_DOWNLOAD | problems(401, 429, 503),
    dependencies=_SIGNED_IN,
)
async def export(context: CurrentContext, principal: CurrentPrincipal) -> StreamingResponse:
    """Download all data stored about the account, without passwords and keys."""
    portions = await services().data_export.begin(context, principal)
    headers = {
        "Content-Disposition": 'attachment; filename="autograph-account.json"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(portions, media_type="application/json", headers=headers)


@router.delete("/account", responses=problems(401, 403, 409, 422, 503), dependencies=_SIGNED_IN)
async def delete(
    context: CurrentContext, principal: CurrentPrincipal, data: DeletionInput, response: Response
) -> MessageOut:
    """Permanently delete the account and its data, immediately.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    await services().deletion.delete(context, principal, data.confirm_email)
    if principal.token_id is None:
        cookies.clear_session(services().settings, response)
    return MessageOut(message="Your account was deleted.")
