"""The OAuth 2.0 password grant: the rules of /login with the parameters of RFC 6749."""

from typing import Annotated

from fastapi import Form
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from autograph_web.api.errors import EndpointDisabled
from autograph_web.api.schemas.session import TokensOut
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.errors import EmailNotVerified, InvalidCredentials
from autograph_web.authn.flow.inputs import SignInInput
from autograph_web.flags.table import PASSWORD_GRANT
from autograph_web.infra.context import RequestContext
from autograph_web.runtime import services

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class PasswordGrant:
    """The form parameters of RFC 6749 section 4.3.2; `username` is the email address."""

    def __init__(
        self,
        grant_type: Annotated[str, Form()] = "",
        username: Annotated[str, Form()] = "",
        password: Annotated[str, Form(json_schema_extra={"format": "password"})] = "",
        scope: Annotated[str, Form()] = "",
    ) -> None:
        self.grant_type, self.username, self.password, self.scope = grant_type, username, password, scope


async def password_grant(context: RequestContext, grant: PasswordGrant) -> Response:
    """Answer a token request.

    Raises:
        EndpointDisabled: The operator has disabled the grant.
        RateLimited, Unavailable: As for /login.
    """
    if not services().flags.of(PASSWORD_GRANT):
        raise EndpointDisabled
    if grant.grant_type != "password":
        return _error("unsupported_grant_type" if grant.grant_type else "invalid_request")
    try:
        data = SignInInput(email=grant.username, password=grant.password)  # pyright: ignore[reportArgumentType]
    except ValidationError:
        return _error("invalid_request")
    if not grant.username or not grant.password:
        return _error("invalid_request")
    return await _sign_in(context, data)


async def _sign_in(context: RequestContext, data: SignInInput) -> Response:
    try:
        outcome = await services().sign_in.start(context, data)
    except (InvalidCredentials, EmailNotVerified) as refusal:
        return _error("invalid_grant", refusal.detail)
    if isinstance(outcome, ChallengeRequired):
        # The grant has no second step, so the challenge must not remain.
        await services().second_factor_step.abandon(outcome.token)
        return _error("mfa_required")
    pair = await services().tokens.open_for_client(context, outcome)
    return JSONResponse(TokensOut.of(pair).model_dump(), headers=_NO_STORE)


_DESCRIPTIONS = {
    "mfa_required": "This account uses two-step verification. Sign in with /login and /mfa/verify.",
    "unsupported_grant_type": "Only grant_type=password is supported.",
    "invalid_request": "Send grant_type=password, username and password as a form.",
}


def _error(name: str, description: str = "") -> JSONResponse:
    body = {"error": name, "error_description": description or _DESCRIPTIONS[name]}
    return JSONResponse(body, 400, headers=_NO_STORE)
