"""REST routes of sessions and tokens."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response, Security

from autograph_web.api.authentication import BEARER, COOKIE, CurrentCaller, CurrentContext, CurrentPrincipal
from autograph_web.api.documentation import problems
from autograph_web.api.oauth import PasswordGrant, password_grant
from autograph_web.api.schemas.account import MessageOut
from autograph_web.api.schemas.session import (
    KeyMeOut,
    MeOut,
    MfaRequiredOut,
    OAuthErrorOut,
    OpenSessionOut,
    RefreshRequest,
    RevokedOut,
    TokensOut,
    me_of,
)
from autograph_web.api.strict_json import StrictRoute
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.inputs import SignInInput
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, tags=["Session"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": OAuthErrorOut, "description": "RFC 6749 section 5.2 error"}
}


@router.post("/login", responses=problems(401, 403, 422, 429, 503))
async def login(context: CurrentContext, data: SignInInput) -> TokensOut | MfaRequiredOut:
    """Sign in with email and password. The response is the same for a wrong password and an unknown email.

    If the server requires verified emails, the right password of an unverified account returns 403
    `email_not_verified`. With two-step verification on, a code is required: send it to /mfa/verify.
    """
    outcome = await services().sign_in.start(context, data)
    if isinstance(outcome, ChallengeRequired):
        return MfaRequiredOut.of(outcome)
    return TokensOut.of(await services().tokens.open_for_client(context, outcome))


@router.post("/token", responses=_REFUSED | problems(404, 429, 503), response_model=TokensOut)
async def token(context: CurrentContext, grant: Annotated[PasswordGrant, Depends()]) -> Response:
    """Sign in with the OAuth 2.0 password grant (RFC 6749 section 4.3).

    For clients that only support this grant.
    """
    return await password_grant(context, grant)


@router.post("/refresh", responses=problems(401, 422, 503))
async def refresh(context: CurrentContext, data: RefreshRequest) -> TokensOut:
    """Exchange a refresh token for a new pair. Each works once; a second use ends the session."""
    return TokensOut.of(await services().tokens.refresh(context, data.refresh_token))


@router.post("/logout", responses=problems(401, 503), dependencies=_SIGNED_IN)
async def logout(context: CurrentContext, principal: CurrentPrincipal) -> MessageOut:
    """Sign this session out; its tokens stop working immediately."""
    await services().sessions.end(context, principal)
    return MessageOut(message="You're signed out.")


@router.post("/logout-all", responses=problems(401, 503), dependencies=_SIGNED_IN)
async def logout_all(context: CurrentContext, principal: CurrentPrincipal) -> RevokedOut:
    """Sign out every session of the account, including this one."""
    return RevokedOut(revoked=await services().sessions.end_all(context, principal))


@router.get("/sessions", responses=problems(401, 503), dependencies=_SIGNED_IN)
async def sessions(principal: CurrentPrincipal) -> list[OpenSessionOut]:
    """List the account's sessions: this one first, then the most recently used, up to 100."""
    return [OpenSessionOut.of(session) for session in await services().devices.of(principal)]


@router.delete("/sessions", responses=problems(401, 503), dependencies=_SIGNED_IN)
async def sign_out_others(context: CurrentContext, principal: CurrentPrincipal) -> RevokedOut:
    """Sign out every other session of the account; their tokens stop working immediately."""
    return RevokedOut(revoked=await services().devices.sign_out_others(context, principal))


@router.delete("/sessions/{session_id}", responses=problems(401, 404, 422, 503), dependencies=_SIGNED_IN)
async def sign_out(context: CurrentContext, principal: CurrentPrincipal, session_id: UUID) -> MessageOut:
    """Sign out one session of the account; its tokens stop working immediately.

    The current session is allowed.
    """
    await services().devices.sign_out(context, principal, session_id)
    return MessageOut(message="That session is signed out.")


@router.get("/me", responses=problems(401, 503), dependencies=_SIGNED_IN)
async def me(caller: CurrentCaller) -> MeOut | KeyMeOut:
    """Return the account behind the bearer token, API key or cookie."""
    return me_of(caller)
