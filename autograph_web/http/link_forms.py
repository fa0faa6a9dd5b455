"""From the link in a letter to a clean page: the token leaves the address and becomes a cookie."""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from autograph_web.accounts.links import Purpose
from autograph_web.core.errors import DomainError, InvalidInput, LinkUnknown
from autograph_web.http import cookies
from autograph_web.http.native_forms import Fields, explain, form_route, see
from autograph_web.runtime import services

_AFTERWARDS = {Purpose.PASSWORD_RESET: "/login"}
"""Where the page of a link leads when its work is done; elsewhere it is the overview."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_MARK = "#token="


async def exchange(_request: Request, fields: Fields) -> Response:
    """Put the token of a link into a cookie of its purpose; the link is as good afterwards as before.

    `token` is what link.js read from the address, or whatever somebody without JavaScript pasted: the whole
    link or its last part.
    """
    purpose = _purpose(fields)
    try:
        token = _token(fields.get("token", ""))
        link = await services().links.peek(purpose, token)
    except DomainError as refusal:
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


def _purpose(fields: Fields) -> Purpose:
    try:
        return Purpose(fields.get("purpose", ""))
    except ValueError:
        raise InvalidInput from None


def _token(text: str) -> str:
    # Letters are forwarded, wrapped and quoted: white space within a link is never part of it.
    token = "".join(text.rpartition(_MARK)[2].split())
    if not _TOKEN.fullmatch(token):
        raise LinkUnknown
    return token


LINK_FORMS: tuple[Route, ...] = (
    form_route("/link/exchange", exchange, "/error"),
    form_route("/link/close", close, "/error"),
)
