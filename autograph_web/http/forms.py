"""The native forms: what a page's form does without JavaScript, and the step that sets the cookie."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.core.context import RequestContext
from autograph_web.core.errors import DomainError, InvalidInput, NotAuthenticated, SessionEnded
from autograph_web.core.flash import Flash
from autograph_web.http import cookies
from autograph_web.http.client import context_from_scope
from autograph_web.http.redirects import safe_next
from autograph_web.runtime import services
from autograph_web.sessions.viewer import SignedIn
from autograph_web.sign_in.inputs import SignInInput

Fields = dict[str, str]
_MOST_FIELDS = 16
_FORM = "application/x-www-form-urlencoded"


async def sign_in(request: Request, fields: Fields) -> Response:
    """Sign in with email and password."""
    wish = SignInInput(
        email=fields.get("email", ""),
        password=fields.get("password", ""),  # pyright: ignore[reportArgumentType]  (pydantic wraps it)
        remember_me=fields.get("remember_me") in ("on", "true", "1"),
    )
    device = cookies.device_cookie(services().settings, request.headers.get("cookie", ""))
    proof = await services().sign_in.start(_context(request), wish, device)
    return await _welcome(request, proof, fields)


async def register(request: Request, fields: Fields) -> Response:
    """Create an account and sign in to it."""
    wish = RegistrationInput(
        email=fields.get("email", ""),
        password=fields.get("password", ""),  # pyright: ignore[reportArgumentType]  (pydantic wraps it)
    )
    account = await services().registration.register(_context(request), wish)
    proof = await services().sign_in.after_registration(_context(request), account)
    return await _welcome(request, proof, fields)


async def claim(request: Request, fields: Fields) -> Response:
    """Exchange the one-use ticket of a sign-in over the websocket for the session cookie."""
    proof = await services().handoff.claim(fields.get("ticket", "")[:128])
    return await _welcome(request, proof, fields)


async def end(request: Request, _fields: Fields) -> Response:
    """Sign this browser out; nothing to end is fine too."""
    settings = services().settings
    cookie = cookies.session_cookie(settings, request.headers.get("cookie", ""))
    try:
        viewer = await services().sessions.authenticate_cookie(cookie or "")
        await services().sessions.end(_context(request), viewer)
    except (NotAuthenticated, SessionEnded):
        pass
    response = _see("/login")
    cookies.clear_session(settings, response)
    cookies.set_flash(settings, response, await services().flash.leave(Flash("signed_out")))
    return response


async def _welcome(request: Request, proof: SignedIn, fields: Fields) -> Response:
    settings = services().settings
    session = await services().sessions.open_for_browser(_context(request), proof)
    response = _see(safe_next(fields.get("next")))
    cookies.set_session(settings, response, session.cookie, session.max_age)
    cookies.set_device(settings, response, services().sign_in.device_cookie(proof))
    return response


Action = Callable[[Request, Fields], Awaitable[Response]]


def _form(path: str, action: Action, back: str) -> Route:
    """Return a route that runs `action` and, when it refuses, leads `back` to the page that says why."""

    async def endpoint(request: Request) -> Response:
        fields: Fields = {}
        try:
            fields = await _read(request)
            return await action(request, fields)
        except ValidationError:
            return await _explain(back, InvalidInput(), fields)
        except DomainError as refusal:
            return await _explain(back, refusal, fields)

    return Route(path, endpoint, methods=["POST"], name=path)


async def _read(request: Request) -> Fields:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidInput
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _explain(back: str, refusal: DomainError, fields: Fields) -> Response:
    settings = services().settings
    typed = {name: fields[name][:320] for name in ("email",) if name in fields}
    flash = Flash(refusal.code, refusal.field, refusal.retry_after, refusal.reasons, typed)
    target = safe_next(fields.get("next"))
    response = _see(f"{back}?next={quote(target, safe='')}" if "next" in fields else back)
    cookies.set_flash(settings, response, await services().flash.leave(flash))
    return response


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def _context(request: Request) -> RequestContext:
    return context_from_scope(request.scope, services().settings)


FORMS: tuple[Route, ...] = (
    _form("/session/sign-in", sign_in, "/login"),
    _form("/session/register", register, "/register"),
    _form("/session/claim", claim, "/login"),
    _form("/session/end", end, "/error"),
)
