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
    """Email a password reset link. The response is the same whether or not the email has an account."""
    await services().password_reset.request(context, data.email)
    return MessageOut(message="If there's an account for that email, we've sent a link.")


@router.post("/confirm", responses=problems(400, 422, 429, 503))
async def confirm(context: CurrentContext, data: PasswordResetConfirmation) -> PasswordSetOut:
    """Set a new password with the token from the link.

    The link works once and expires (after an hour by default). All sessions of the account end. Two-step
    verification stays on, unless the email had never been verified. `removed` lists what was revoked. A
    rejected password doesn't use up the link.
    """
    token, password = data.token.get_secret_value(), data.new_password.get_secret_value()
    try:
        reset = await services().password_reset.confirm(context, token, password)
    except DomainError as refusal:
        if refusal.field == "password":
            refusal.field = "new_password"  # the name of the field in this request
        raise
    removed = RemovedOut.of(reset.removed)
    return PasswordSetOut(
        message="Your password has been changed. Sign in with your new password.", removed=removed
    )
