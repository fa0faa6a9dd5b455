"""Responses to failed requests: a page for a user, problem details for a program."""

import re
from html import escape

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from autograph_web.admin.errors import NotAdmin
from autograph_web.frontend import plain_page
from autograph_web.http.problems import problem_response
from autograph_web.infra.errors import DomainError

_PAGE = "error.html"
# The text of the internal error page, which is replaced by that of the refusal.
_TITLE = re.compile(r"<title>[^<]*?( · [^<]*)?</title>")
_HEADING = re.compile(r'(<h1 class="title"[^>]*>)[^<]*(</h1>)')
_LEAD = re.compile(r'(<p class="lead">)[^<]*(</p>)')
_HEADINGS = {401: "Sign in to continue", 404: "Page not found", 429: "Too many attempts"}
_PAGES: dict[type[DomainError], str] = {NotAdmin: "forbidden.html"}


def error_response(error: DomainError, scope: Scope) -> Response:
    """Return the response for `error`; a page is served without a redirect, so that a reload tries again."""
    page = None if wants_json(scope) else plain_page(_PAGES.get(type(error), _PAGE))
    if page is None:
        return problem_response(error)
    headers = {"Cache-Control": "no-store"}
    if error.status == 503:
        headers["Retry-After"] = str(error.retry_after or 1)
    return HTMLResponse(page, error.status, headers)


def error_page_of(scope: Scope, status: int, detail: str) -> str | None:
    """Return the page that explains a refusal to a user; None for a program, or if no page was built."""
    page = plain_page(_PAGE) if is_navigation(scope) else None
    if page is None:
        return None
    heading = _HEADINGS.get(status, "We couldn't do that")
    page = _TITLE.sub(lambda found: f"<title>{heading}{found[1]}</title>", page)
    page = _HEADING.sub(lambda found: f"{found[1]}{heading}{found[2]}", page)
    return _LEAD.sub(lambda found: f"{found[1]}{escape(detail)}{found[2]}", page)


def is_navigation(scope: Scope) -> bool:
    """Return True if the browser will display the response as a document (Fetch Metadata, section 2.3).

    A browser without that header is recognized by the request: links and forms use only two methods, and
    forms are never encoded as JSON (HTML, section 4.10.21).
    """
    if not wants_page(scope):
        return False
    headers = Headers(scope=scope)
    plain = scope["method"] in ("GET", "POST") and "json" not in headers.get("content-type", "")
    return headers.get("sec-fetch-mode", "navigate" if plain else "cors") == "navigate"


def wants_page(scope: Scope) -> bool:
    """Return True if a browser requests a page: it accepts HTML, and sends no Authorization header."""
    headers = Headers(scope=scope)
    return "text/html" in headers.get("accept", "") and "authorization" not in headers


def wants_json(scope: Scope) -> bool:
    """Return True if the client is a program rather than a browser (RFC 9110 section 12.5.1)."""
    accept = Headers(scope=scope).get("accept", "")
    return "text/html" not in accept and ("json" in accept or accept in ("", "*/*"))
