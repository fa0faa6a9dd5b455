"""How a native form is read and answered: a page to go on to, or back to the page that says why not."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from autograph_web.authz.operations import Operation, Who, operation_of
from autograph_web.http import cookies
from autograph_web.http.client import context_from_scope
from autograph_web.http.redirects import safe_next
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError, InvalidInput
from autograph_web.infra.flash import Flash
from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer

Fields = dict[str, str]
Action = Callable[[Request, Fields], Awaitable[Response]]

ON = ("on", "true", "1")
"""What a ticked checkbox comes as."""

SCRIPTLESS = "scriptless"
"""The field that only a form sent without JavaScript has."""

_MOST_FIELDS = 16
_FORM = "application/x-www-form-urlencoded"


def form_route(path: str, action: Action, back: str) -> Route:
    """Return a route that runs `action` and, when it refuses, leads `back` to the page that says why.

    The table of operations says who may send the form; `signed_in` returns that user.
    """
    operation = operation_of(f"POST {path}")

    async def explained(request: Request) -> Response:
        fields: Fields = {}
        try:
            fields = await _read(request)
            await _permit(request, operation)
            return await action(request, fields)
        except ValidationError:
            return await explain(back, InvalidInput(), fields)
        except DomainError as refusal:
            return await explain(back, refusal, fields)

    return Route(path, explained, methods=["POST"], name=path)


def call_route(path: str, action: Action) -> Route:
    """Return a route for our own script: it runs `action`, and a refusal is a problem document."""
    operation = operation_of(f"POST {path}")

    async def answered(request: Request) -> Response:
        fields = await _read(request)
        await _permit(request, operation)
        return await action(request, fields)

    return Route(path, answered, methods=["POST"], name=path)


async def _permit(request: Request, operation: Operation) -> None:
    if operation.who is not Who.PUBLIC:
        request.state.viewer = viewer = await viewer_of(request)
        await operation.require(viewer, services().admin_policy.require, services().clock)


def signed_in(request: Request) -> Viewer:
    """Return who sent a form that takes a session."""
    return request.state.viewer


async def viewer_of(request: Request) -> Viewer:
    """Return who is signed in by the cookie of a request; or refuse.

    Raises:
        NotAuthenticated, SessionEnded: Nobody is, or no longer.
        Unavailable: That cannot be told right now.
    """
    cookie = cookies.session_cookie(services().settings, cookie_header(request))
    return await services().sessions.authenticate_cookie(cookie or "")


async def explain(back: str, refusal: DomainError, fields: Fields) -> Response:
    """Lead `back` to a page, leaving behind what it is to say of `refusal` and what was typed."""
    typed = {name: fields[name][:LONGEST_EMAIL] for name in ("email",) if name in fields}
    flash = Flash(refusal.code, refusal.field, refusal.retry_after, refusal.reasons, typed)
    return await see_with(back_to(back, fields), flash, fields)


async def see_with(path: str, flash: Flash, fields: Fields) -> Response:
    """Lead to a page of ours and leave behind what it is to say."""
    ticket = await services().flash.put(flash)
    # Without Redis the address alone is left to say it.
    response = see(said_at(path, flash.code, fields if ticket else {SCRIPTLESS: "on"}))
    cookies.set_flash(services().settings, response, ticket)
    return response


def see(path: str) -> RedirectResponse:
    """Lead to a page of ours (RFC 9110 section 15.4.4)."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def said_at(path: str, code: str, fields: Fields) -> str:
    """Return the address at which a page says what `code` means, should it have no JavaScript."""
    return f"{path}#{said_id(code)}" if SCRIPTLESS in fields else path


def said_id(code: str) -> str:
    """Return the id of the element that says what `code` means."""
    return f"said-{code}"


def back_to(page: str, fields: Fields) -> str:
    """Return the address of a page that still knows where to go afterwards."""
    return f"{page}?next={quote(safe_next(fields['next']), safe='')}" if "next" in fields else page


def cookie_header(request: Request) -> str:
    """Return the Cookie header."""
    return request.headers.get("cookie", "")


def request_context(request: Request) -> RequestContext:
    """Return the circumstances of the request."""
    return context_from_scope(request.scope, services().settings)


async def _read(request: Request) -> Fields:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidInput
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}
