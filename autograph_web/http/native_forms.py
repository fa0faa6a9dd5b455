"""Parsing of native forms and their responses: a redirect to the next page, or back with the error."""

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
from autograph_web.sessions.principal import SessionPrincipal

Fields = dict[str, str]
Action = Callable[[Request, Fields], Awaitable[Response]]

ON = ("on", "true", "1")
"""The values of a checked checkbox."""

SCRIPTLESS = "scriptless"
"""The field present only in forms submitted without JavaScript."""

_MOST_FIELDS = 16
_FORM = "application/x-www-form-urlencoded"


def form_route(path: str, action: Action, back: str) -> Route:
    """Return a route that runs `action` and, if it fails, redirects `back` to the page that shows the error.

    The operations table determines who may submit the form; `current_principal` returns that user.
    """
    operation = operation_of(f"POST {path}")

    async def explained(request: Request) -> Response:
        fields: Fields = {}
        try:
            fields = await _read(request)
            await _permit(request, operation)
            return await action(request, fields)
        except ValidationError:
            return await redirect_with_error(back, InvalidInput(), fields)
        except DomainError as refusal:
            return await redirect_with_error(back, refusal, fields)

    return Route(path, explained, methods=["POST"], name=path)


def call_route(path: str, action: Action) -> Route:
    """Return a route for our own script: it runs `action`; an error yields a problem document."""
    operation = operation_of(f"POST {path}")

    async def answered(request: Request) -> Response:
        fields = await _read(request)
        await _permit(request, operation)
        return await action(request, fields)

    return Route(path, answered, methods=["POST"], name=path)


async def _permit(request: Request, operation: Operation) -> None:
    if operation.who is not Who.PUBLIC:
        request.state.principal = principal = await principal_of(request)
        await operation.require(principal, services().admin_policy.require, services().clock)


def current_principal(request: Request) -> SessionPrincipal:
    """Return the user who submitted a form that requires a session."""
    return request.state.principal


async def principal_of(request: Request) -> SessionPrincipal:
    """Authenticate the session cookie of a request and return its user.

    Raises:
        NotAuthenticated, SessionEnded: There is no session, or it has ended.
        Unavailable: The session cannot be checked now.
    """
    cookie = cookies.session_cookie(services().settings, cookie_header(request))
    return await services().sessions.authenticate_cookie(cookie or "")


async def redirect_with_error(back: str, refusal: DomainError, fields: Fields) -> Response:
    """Redirect `back` to a page, with a flash message about `refusal` and the values that were entered."""
    typed = {name: fields[name][:LONGEST_EMAIL] for name in ("email",) if name in fields}
    flash = Flash(refusal.code, refusal.field, refusal.retry_after, refusal.reasons, typed)
    return await redirect_with_flash(back_to(back, fields), flash, fields)


async def redirect_with_flash(path: str, flash: Flash, fields: Fields) -> Response:
    """Redirect to one of our pages, with a flash message."""
    ticket = await services().flash.put(flash)
    # Without Redis the message can be conveyed only by the URL.
    response = redirect(path_with_message(path, flash.code, fields if ticket else {SCRIPTLESS: "on"}))
    cookies.set_flash(services().settings, response, ticket)
    return response


def redirect(path: str) -> RedirectResponse:
    """Redirect to one of our pages with 303 See Other (RFC 9110 section 15.4.4)."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def path_with_message(path: str, code: str, fields: Fields) -> str:
    """Return the URL at which a page explains `code` if it runs without JavaScript."""
    return f"{path}#{message_id(code)}" if SCRIPTLESS in fields else path


def message_id(code: str) -> str:
    """Return the id of the HTML element that explains `code`."""
    return f"said-{code}"


def back_to(page: str, fields: Fields) -> str:
    """Return the URL of a page, preserving the destination after sign-in."""
    return f"{page}?next={quote(safe_next(fields['next']), safe='')}" if "next" in fields else page


def cookie_header(request: Request) -> str:
    """Return the Cookie header."""
    return request.headers.get("cookie", "")


def request_context(request: Request) -> RequestContext:
    """Return the context of the request."""
    return context_from_scope(request.scope, services().settings)


async def _read(request: Request) -> Fields:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidInput
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}
