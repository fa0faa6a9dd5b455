"""Accounts over REST."""

from fastapi import APIRouter, Response, Security

from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.api.bodies import StrictRoute
from autograph_web.api.documentation import problems
from autograph_web.api.identity import BEARER, COOKIE, CurrentContext, CurrentViewer
from autograph_web.api.schemas import AccountOut, MessageOut, TokensOut
from autograph_web.http import cookies
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, tags=["Account"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]


@router.post("/register", status_code=201, responses=problems(409, 422, 429, 503))
async def register(context: CurrentContext, wish: RegistrationInput) -> AccountOut:
    """Create an account. It does not sign in: call /login next."""
    return AccountOut.of(await services().registration.register(context, wish))


@router.post("/password-change", responses=problems(401, 403, 422, 429, 503), dependencies=_SIGNED_IN)
async def change_password(
    context: CurrentContext, viewer: CurrentViewer, wish: PasswordChangeInput, response: Response
) -> TokensOut | MessageOut:
    """Change the password. The session is replaced: the answer holds a new token pair, or sets a new cookie.

    Every other session ends, unless `end_other_sessions` is false; no device stays trusted.
    """
    proof = await services().password_change.change(context, viewer, wish)
    if viewer.token_id is not None:
        return TokensOut.of(await services().tokens.open_for_client(context, proof))
    session = await services().sessions.open_for_browser(context, proof)
    cookies.set_session(services().settings, response, session.cookie, session.max_age)
    return MessageOut(message="Your password was changed.")
