"""From the link in a letter to a clean page: the token leaves the address and becomes a cookie."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from autograph_web.accounts.errors import LinkUsed
from autograph_web.accounts.link_text import read_token
from autograph_web.accounts.links import Link, Purpose
from autograph_web.http import cookies
from autograph_web.http.native_forms import Fields, explain, form_route, see, see_with
from autograph_web.infra.errors import DomainError, InvalidInput
from autograph_web.infra.flash import Flash
from autograph_web.runtime import services

_AFTERWARDS = {Purpose.PASSWORD_RESET: "/login"}
"""Where the page of a link leads when its work is done; elsewhere it is the overview."""


async def exchange(_request: Request, fields: Fields) -> Response:
    """Put the token of a link into a cookie of its purpose; the link is as good afterwards as before.

    `token` is what link.js read from the address, or whatever somebody pasted: the whole link or its last
    part. A mail scanner that runs scripts comes this far as well.
    """
    purpose = _purpose(fields)
    try:
        token = read_token(fields.get("token", ""))
        link = await _usable(purpose, token)
    except DomainError as refusal:
        if isinstance(refusal, LinkUsed):
            response = await see_with(purpose.page, Flash(purpose.done), fields)
        else:
            response = await explain(purpose.page, refusal, fields)
        cookies.clear_link(services().settings, response, purpose)
        return response
    response = see(purpose.page)
    cookies.set_link(services().settings, response, purpose, token, max(1, link.seconds_left))
    return response


async def close(request: Request, fields: Fields) -> Response:
    """Take the cookie of a link back once the page has used it, and lead on to what the page left to say."""
    purpose = _purpose(fields)
    response = see(_AFTERWARDS.get(purpose, "/dashboard"))
    cookies.clear_link(services().settings, response, purpose)
    cookies.set_flash(services().settings, response, fields.get("ticket", "")[:64] or None)
    return response


async def _usable(purpose: Purpose, token: str) -> Link:
    """Return the link of a token that could be used now; LinkUsed also if another has done its work."""
    if purpose is Purpose.EMAIL_VERIFICATION and (await services().verification.look(token)).email_verified:
        raise LinkUsed
    return await services().links.peek(purpose, token)


def _purpose(fields: Fields) -> Purpose:
    try:
        return Purpose(fields.get("purpose", ""))
    except ValueError:
        raise InvalidInput from None


LINK_FORMS: tuple[Route, ...] = (
    form_route("/link/exchange", exchange, "/error"),
    form_route("/link/close", close, "/error"),
)
