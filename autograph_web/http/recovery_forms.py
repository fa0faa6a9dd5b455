"""Native forms of account recovery: requesting a link, and setting a new password."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from autograph_web.accounts.errors import LinkUnknown
from autograph_web.accounts.links import Purpose
from autograph_web.http import cookies
from autograph_web.http.native_forms import (
    Fields,
    cookie_header,
    form_route,
    redirect_with_flash,
    request_context,
)
from autograph_web.infra.flash import Flash
from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL
from autograph_web.recovery.password_reset import Reset
from autograph_web.recovery.reclaiming import PasswordLink
from autograph_web.runtime import services


async def request(request: Request, fields: Fields) -> Response:
    """Send a password reset link, if there is an account with this address."""
    email = fields.get("email", "")
    await services().password_reset.request(request_context(request), email)
    return await redirect_with_flash(
        "/password-reset", Flash("password_reset_sent", values={"email": email[:LONGEST_EMAIL]}), fields
    )


async def choose(request: Request, fields: Fields) -> Response:
    """Set a new password with the link's cookie."""
    settings, header = services().settings, cookie_header(request)
    token = cookies.link_cookie(settings, header, Purpose.PASSWORD_RESET)
    if token is None:
        raise LinkUnknown
    reset = await services().password_reset.confirm(
        request_context(request), token, fields.get("password", ""), cookies.device_cookie(settings, header)
    )
    response = await redirect_with_flash("/login", password_is_set(reset), fields)
    cookies.clear_link(settings, response, Purpose.PASSWORD_RESET)
    return response


def password_is_set(reset: Reset) -> Flash:
    """Return the message of the sign-in page after a password reset."""
    return Flash("password_reset", values={"email": reset.account.email, **reset.removed.as_values()})


async def refuse(request: Request, fields: Fields) -> Response:
    """Revoke the sign-in that the link's cookie refers to, and continue to setting a new password."""
    settings = services().settings
    token = cookies.link_cookie(settings, cookie_header(request), Purpose.SIGN_IN_REFUSAL)
    if token is None:
        raise LinkUnknown
    back = await services().sign_in_disavowal.refuse(request_context(request), token)
    response = await go_on_to_password(back, "sign_in_refused", fields)
    cookies.clear_link(settings, response, Purpose.SIGN_IN_REFUSAL)
    cookies.clear_session(settings, response)  # that session was revoked with all others
    return response


async def go_on_to_password(back: PasswordLink, code: str, fields: Fields) -> Response:
    """Redirect to setting a password with the link of `back`; the page shows `code` and what was removed."""
    reset = Purpose.PASSWORD_RESET
    flash = Flash(code, values=back.removed.as_values())
    response = await redirect_with_flash(reset.page, flash, fields)
    left = (await services().links.peek(reset, back.token)).seconds_left
    cookies.set_link(services().settings, response, reset, back.token, max(1, left))
    return response


RECOVERY_FORMS: tuple[Route, ...] = (
    form_route("/recovery/request", request, "/password-reset"),
    form_route("/recovery/password", choose, "/password-reset/confirm"),
    form_route("/recovery/refuse", refuse, "/not-me"),
)
