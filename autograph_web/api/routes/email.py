"""REST routes of an account's email address: verification, change, and undoing a change."""

from fastapi import APIRouter, Security

from autograph_web.api.authentication import (
    BEARER,
    COOKIE,
    CurrentContext,
    CurrentPrincipal,
    OptionalPrincipal,
)
from autograph_web.api.documentation import problems
from autograph_web.api.schemas.account import AccountOut, MessageOut
from autograph_web.api.schemas.email import (
    EmailUndoneOut,
    EmailVerifiedOut,
    LinkToken,
    NewEmail,
    VerificationConfirmation,
)
from autograph_web.api.schemas.recovery import RemovedOut
from autograph_web.api.strict_json import StrictRoute
from autograph_web.recovery.first_verification import Evidence
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, tags=["Email"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]


@router.post("/email-verification/request", responses=problems(401, 429, 503), dependencies=_SIGNED_IN)
async def request_verification(context: CurrentContext, principal: CurrentPrincipal) -> MessageOut:
    """Send a new link to the account's email; earlier links stop working."""
    if await services().verification.resend(context, principal.user_id):
        return MessageOut(message="We've sent a link. It works once and expires in 24 hours.")
    return MessageOut(message="Your email is already verified.")


@router.post("/email-verification/confirm", responses=problems(400, 401, 403, 422, 429, 503))
async def confirm_verification(
    context: CurrentContext, principal: OptionalPrincipal, data: VerificationConfirmation
) -> EmailVerifiedOut:
    """Verify the email with the token from the link. Doesn't sign in.

    Send an access token of the account, or `password`, to prove that the inbox and the account belong to
    the same person. Without either, everything set up before is revoked, including the password: `removed`
    lists it, and `password_reset_token` is for /password-reset/confirm.
    """
    password = data.password.get_secret_value() if data.password else None
    evidence = Evidence(principal.user_id if principal else None, password)
    token = data.token.get_secret_value()
    return EmailVerifiedOut.shown(await services().first_proof.confirm(context, token, evidence))


@router.post("/email-change/request", responses=problems(401, 403, 422, 429, 503), dependencies=_SIGNED_IN)
async def request_change(context: CurrentContext, principal: CurrentPrincipal, data: NewEmail) -> MessageOut:
    """Send a link to a new email and notify the old one.

    Nothing changes until the link is used. The response is the same if the new email already has an
    account. Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    email = await services().email_change.request(context, principal, data.email)
    return MessageOut(message=f"We've sent a link to {email}. It works once and expires in 24 hours.")


@router.post("/email-change/confirm", responses=problems(400, 409, 422, 429, 503))
async def confirm_change(context: CurrentContext, data: LinkToken) -> AccountOut:
    """Change the account's email with the token from the link. Sessions stay active."""
    return AccountOut.of(await services().email_change.confirm(context, data.token.get_secret_value()))


@router.post("/email-change/undo", responses=problems(400, 409, 422, 429, 503))
async def undo_change(context: CurrentContext, data: LinkToken) -> EmailUndoneOut:
    """Restore the account's previous email with the token from the link that was sent there.

    All sessions end and all API keys are revoked, as is an authenticator app set up since the change was
    requested, or since an earlier sign-in from an unknown browser. Use `password_reset_token` at
    /password-reset/confirm next.
    """
    back = await services().email_undo.undo(context, data.token.get_secret_value())
    return EmailUndoneOut(password_reset_token=back.token, removed=RemovedOut.of(back.removed))
