"""Moves the token of an emailed link out of the URL and into a cookie."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from autograph_web.accounts.errors import LinkUsed
from autograph_web.accounts.link_text import read_token
from autograph_web.accounts.links import Link, Purpose
from autograph_web.http import cookies
from autograph_web.http.native_forms import (
    Fields,
    form_route,
    redirect,
    redirect_with_error,
    redirect_with_flash,
)
from autograph_web.infra.errors import DomainError, InvalidInput
from autograph_web.infra.flash import Flash
from autograph_web.runtime import services

_AFTERWARDS = {Purpose.PASSWORD_RESET: "/login"}
"""Where the page of a link leads when it is finished; all others lead to the dashboard."""


async def exchange(_request: Request, fields: Fields) -> Response:
    """Store the token of a link in the cookie of its purpose, without consuming the link.

    `token` is what link.js read from the URL, or what the user pasted: the whole link or its last part. A
    mail scanner that runs scripts can trigger this step as well.
    """
    purpose = _purpose(fields)
    try:
        token = read_token(fields.get("token", ""))
        link = await _usable(purpose, token)
    except DomainError as refusal:
        if isinstance(refusal, LinkUsed):
            response = await redirect_with_flash(purpose.page, Flash(purpose.done), fields)
        else:
            response = await redirect_with_error(purpose.page, refusal, fields)
        cookies.clear_link(services().settings, response, purpose)
        return response
    response = redirect(purpose.page)
    cookies.set_link(services().settings, response, purpose, token, max(1, link.seconds_left))
    return response


async def close(request: Request, fields: Fields) -> Response:
    """Delete the cookie of a link once the page has used it, and redirect with the page's flash message."""
    purpose = _purpose(fields)
    response = redirect(_AFTERWARDS.get(purpose, "/dashboard"))
    cookies.clear_link(services().settings, response, purpose)
    cookies.set_flash(services().settings, response, fields.get("ticket", "")[:64] or None)
    return response


async def _usable(purpose: Purpose, token: str) -> Link:
    """Return the link of a usable token; raise LinkUsed also if another link had the same effect."""
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
