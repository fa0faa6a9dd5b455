"""The native forms of recovery: asking for a link, and the new password."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from autograph_web.accounts.links import Purpose
from autograph_web.core.errors import LinkUnknown
from autograph_web.core.flash import Flash
from autograph_web.http import cookies
from autograph_web.http.native_forms import Fields, cookie_header, form_route, request_context, see_with
from autograph_web.runtime import services


async def request(request: Request, fields: Fields) -> Response:
    """Send a link for a new password, if there is an account to send it to."""
    email = fields.get("email", "")
    await services().password_reset.request(request_context(request), email)
    return await see_with(
        "/password-reset", Flash("password_reset_sent", values={"email": email[:320]}), fields
    )


async def choose(request: Request, fields: Fields) -> Response:
    """Set a new password by the link of the cookie."""
    settings, header = services().settings, cookie_header(request)
    token = cookies.link_cookie(settings, header, Purpose.PASSWORD_RESET)
    if token is None:
        raise LinkUnknown
    account = await services().password_reset.confirm(
        request_context(request), token, fields.get("password", ""), cookies.device_cookie(settings, header)
    )
    response = await see_with("/login", Flash("password_reset", values={"email": account.email}), fields)
    cookies.clear_link(settings, response, Purpose.PASSWORD_RESET)
    return response


async def refuse(request: Request, fields: Fields) -> Response:
    """Take back the sign-in of the cookie's link, and go on to a new password at once."""
    settings = services().settings
    token = cookies.link_cookie(settings, cookie_header(request), Purpose.SIGN_IN_REFUSAL)
    if token is None:
        raise LinkUnknown
    reset = await services().refusal.refuse(request_context(request), token)
    response = await see_with(Purpose.PASSWORD_RESET.page, Flash("sign_in_refused"), fields)
    cookies.clear_link(settings, response, Purpose.SIGN_IN_REFUSAL)
    cookies.clear_session(settings, response)  # it is over with all others
    cookies.set_link(settings, response, Purpose.PASSWORD_RESET, reset, settings.password_reset_seconds)
    return response


RECOVERY_FORMS: tuple[Route, ...] = (
    form_route("/recovery/request", request, "/password-reset"),
    form_route("/recovery/password", choose, "/password-reset/confirm"),
    form_route("/recovery/refuse", refuse, "/not-me"),
)
