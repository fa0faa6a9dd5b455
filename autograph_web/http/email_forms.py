"""Native forms for the account's email address: verification, change, and undoing a change."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from autograph_web.accounts.errors import LinkReplaced, LinkUnknown, LinkUsed, SessionEnded
from autograph_web.accounts.links import Purpose
from autograph_web.http import cookies
from autograph_web.http.native_forms import (
    SCRIPTLESS,
    Fields,
    cookie_header,
    current_principal,
    form_route,
    principal_of,
    redirect_with_flash,
    request_context,
)
from autograph_web.http.recovery_forms import go_on_to_password
from autograph_web.infra.flash import Flash
from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL
from autograph_web.recovery.first_verification import Evidence
from autograph_web.recovery.reclaiming import PasswordLink
from autograph_web.runtime import services
from autograph_web.sessions.errors import NotAuthenticated

_ACCOUNT = "/settings/account"


async def send(request: Request, fields: Fields) -> Response:
    """Send a new verification link: to the signed-in user, or else to the address that was entered."""
    context = request_context(request)
    try:
        await services().verification.resend(context, (await principal_of(request)).user_id)
    except (NotAuthenticated, SessionEnded):
        await services().verification.request(context, fields.get("email", ""))
    typed = {"email": fields.get("email", "")[:LONGEST_EMAIL]}
    return await redirect_with_flash("/verify-email", Flash("verification_sent", values=typed), fields)


async def verify(request: Request, fields: Fields) -> Response:
    """Verify the address with the link's cookie; without other evidence, continue to setting a password."""
    purpose = Purpose.EMAIL_VERIFICATION
    token = _token(request, purpose)
    verified = None
    try:
        evidence = await _evidence(request, fields)
        verified = await services().first_proof.confirm(request_context(request), token, evidence)
    except (LinkUsed, LinkReplaced):
        # Submitted twice, or in two tabs: the second request has already achieved its purpose.
        if not (await services().verification.look(token)).email_verified:
            raise
    if verified is not None and verified.removed is not None and verified.token is not None:
        back = PasswordLink(verified.token, verified.removed)
        response = await go_on_to_password(back, "email_reclaimed", fields)
    else:
        where = "/dashboard" if SCRIPTLESS in fields else purpose.page
        response = await redirect_with_flash(where, Flash("email_verified"), fields)
    cookies.clear_link(services().settings, response, purpose)
    return response


async def _evidence(request: Request, fields: Fields) -> Evidence:
    password = fields.get("password") or None
    device = cookies.device_cookie(services().settings, cookie_header(request))
    try:
        return Evidence((await principal_of(request)).user_id, password, device)
    except (NotAuthenticated, SessionEnded):
        return Evidence(None, password, device)


async def ask(request: Request, fields: Fields) -> Response:
    """Request a change of the email address."""
    principal = current_principal(request)
    await services().email_change.request(request_context(request), principal, fields.get("email", ""))
    return await redirect_with_flash(_ACCOUNT, Flash("email_change_sent"), fields)


async def change(request: Request, fields: Fields) -> Response:
    """Change the email address with the link's cookie."""
    await services().email_change.confirm(request_context(request), _token(request, Purpose.EMAIL_CHANGE))
    response = await redirect_with_flash(_ACCOUNT, Flash("email_changed"), fields)
    cookies.clear_link(services().settings, response, Purpose.EMAIL_CHANGE)
    return response


async def undo(request: Request, fields: Fields) -> Response:
    """Undo a change of the email address with the link's cookie, and continue to setting a password."""
    purpose, settings = Purpose.EMAIL_CHANGE_UNDO, services().settings
    back = await services().email_undo.undo(request_context(request), _token(request, purpose))
    response = await go_on_to_password(back, "email_change_undone", fields)
    cookies.clear_link(settings, response, purpose)
    cookies.clear_session(settings, response)
    return response


def _token(request: Request, purpose: Purpose) -> str:
    token = cookies.link_cookie(services().settings, cookie_header(request), purpose)
    if token is None:
        raise LinkUnknown
    return token


EMAIL_FORMS: tuple[Route, ...] = (
    form_route("/session/verify-email", verify, "/verify-email"),
    form_route("/session/verify-email/send", send, "/verify-email"),
    form_route("/session/change-email", ask, _ACCOUNT),
    form_route("/session/change-email/confirm", change, "/change-email"),
    form_route("/session/change-email/undo", undo, "/undo-email-change"),
)
