"""What a request that failed is answered with: a page for a person, problem details for a program."""

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from autograph_web.core.errors import DomainError, NotAdmin
from autograph_web.frontend import plain_page
from autograph_web.http.problems import problem_response

_PAGE = "error.html"
_PAGES: dict[type[DomainError], str] = {NotAdmin: "forbidden.html"}


def trouble_response(error: DomainError, scope: Scope) -> Response:
    """Return the answer to a request that met `error`; the page stands in place, so a reload tries again."""
    page = None if wants_json(scope) else plain_page(_PAGES.get(type(error), _PAGE))
    if page is None:
        return problem_response(error)
    headers = {"Cache-Control": "no-store"}
    if error.status == 503:
        headers["Retry-After"] = str(error.retry_after or 1)
    return HTMLResponse(page, error.status, headers)


def wants_page(scope: Scope) -> bool:
    """Tell whether a person's browser asks for a page: it says so, and shows no token."""
    headers = Headers(scope=scope)
    return "text/html" in headers.get("accept", "") and "authorization" not in headers


def wants_json(scope: Scope) -> bool:
    """Tell whether a program asks rather than a person's browser (RFC 9110 section 12.5.1)."""
    accept = Headers(scope=scope).get("accept", "")
    return "text/html" not in accept and ("json" in accept or accept in ("", "*/*"))
