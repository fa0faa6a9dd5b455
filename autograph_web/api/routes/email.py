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
    """Have a new link sent to the account's address; earlier ones stop working."""
    if await services().verification.resend(context, principal.user_id):
        return MessageOut(message="A link is on its way. It works for 24 hours.")
    return MessageOut(message="Your email is confirmed already.")


@router.post("/email-verification/confirm", responses=problems(400, 401, 403, 422, 429, 503))
async def confirm_verification(
    context: CurrentContext, principal: OptionalPrincipal, data: VerificationConfirmation
) -> EmailVerifiedOut:
    """Verify the address with the token of the link. It signs nobody in.

    Send an access token of the account, or `password`, to show that mailbox and account have one owner.
    Without either everything from before ends, the password included: `removed` says what, and
    `password_reset_token` is for /password-reset/confirm.
    """
    password = data.password.get_secret_value() if data.password else None
    evidence = Evidence(principal.user_id if principal else None, password)
    token = data.token.get_secret_value()
    return EmailVerifiedOut.shown(await services().first_proof.confirm(context, token, evidence))


@router.post("/email-change/request", responses=problems(401, 403, 422, 429, 503), dependencies=_SIGNED_IN)
async def request_change(context: CurrentContext, principal: CurrentPrincipal, data: NewEmail) -> MessageOut:
    """Have a link sent to a new address, and word to the old one. Needs a sign-in like /mfa/disable.

    Nothing changes before the link is used. The answer is the same if the address has an account already.
    """
    email = await services().email_change.request(context, principal, data.email)
    return MessageOut(message=f"A link is on its way to {email}. It works for 24 hours.")


@router.post("/email-change/confirm", responses=problems(400, 409, 422, 429, 503))
async def confirm_change(context: CurrentContext, data: LinkToken) -> AccountOut:
    """Move the account to the new address with the token of the link. Nobody is signed out."""
    return AccountOut.of(await services().email_change.confirm(context, data.token.get_secret_value()))


@router.post("/email-change/undo", responses=problems(400, 409, 422, 429, 503))
async def undo_change(context: CurrentContext, data: LinkToken) -> EmailUndoneOut:
    """Give the account its old address back with the token of the link that was sent there.

    Every sign-in and every key ends, and a second factor set up since the change was asked for, or since an
    earlier sign-in from an unknown browser. Use `password_reset_token` at /password-reset/confirm next.
    """
    back = await services().email_undo.undo(context, data.token.get_secret_value())
    return EmailUndoneOut(password_reset_token=back.token, removed=RemovedOut.of(back.removed))
