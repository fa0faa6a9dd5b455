"""REST routes of the password reset."""

from fastapi import APIRouter

from autograph_web.api.authentication import CurrentContext
from autograph_web.api.documentation import problems
from autograph_web.api.schemas.account import MessageOut
from autograph_web.api.schemas.recovery import (
    PasswordResetConfirmation,
    PasswordResetRequest,
    PasswordSetOut,
    RemovedOut,
)
from autograph_web.api.strict_json import StrictRoute
from autograph_web.infra.errors import DomainError
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/password-reset", tags=["Password reset"])


@router.post("/request", responses=problems(422, 429, 503))
async def request(context: CurrentContext, data: PasswordResetRequest) -> MessageOut:
    """Send a link for a new password. The answer is the same whether or not the email has an account."""
    await services().password_reset.request(context, data.email)
    return MessageOut(message="If that email has an account, a link is on its way.")


@router.post("/confirm", responses=problems(400, 422, 429, 503))
async def confirm(context: CurrentContext, data: PasswordResetConfirmation) -> PasswordSetOut:
    """Set a new password with the token of a link, which works once and for an hour.

    Every session of the account is over. Two-step verification stays, unless nobody had verified the address
    before. `removed` says what no longer opens the account. A refused password uses nothing up.
    """
    token, password = data.token.get_secret_value(), data.new_password.get_secret_value()
    try:
        reset = await services().password_reset.confirm(context, token, password)
    except DomainError as refusal:
        if refusal.field == "password":
            refusal.field = "new_password"  # the name of the field in this request
        raise
    removed = RemovedOut.of(reset.removed)
    return PasswordSetOut(message="Your new password is set. Sign in with it.", removed=removed)
