"""The native forms: what a page's form does without JavaScript, and the step that sets the cookie."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.core.context import RequestContext
from autograph_web.core.errors import (
    AccountReady,
    ChallengeExpired,
    DomainError,
    InvalidInput,
    NotAuthenticated,
    SessionEnded,
    Unavailable,
)
from autograph_web.core.flash import Flash
from autograph_web.http import cookies
from autograph_web.http.client import context_from_scope
from autograph_web.http.redirects import safe_next
from autograph_web.mfa.trusted_devices import TRUST_SECONDS
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.runtime import services
from autograph_web.sessions.viewer import SignedIn
from autograph_web.sign_in.challenges import ChallengeRequired
from autograph_web.sign_in.inputs import SecondStepInput, SignInInput

Fields = dict[str, str]
_MOST_FIELDS = 16
_ON = ("on", "true", "1")
_FORM = "application/x-www-form-urlencoded"


async def sign_in(request: Request, fields: Fields) -> Response:
    """Sign in with email and password."""
    wish = SignInInput(
        email=fields.get("email", ""),
        password=fields.get("password", ""),  # pyright: ignore[reportArgumentType]  (pydantic wraps it)
        remember_me=fields.get("remember_me") in _ON,
    )
    header, settings = _cookies(request), services().settings
    device, trusted = cookies.device_cookie(settings, header), cookies.trusted_cookie(settings, header)
    outcome = await services().sign_in.start(_context(request), wish, device, trusted)
    if isinstance(outcome, ChallengeRequired):
        response = _see(_back("/login", fields))
        cookies.set_challenge(settings, response, outcome.token)
        return response
    return await _welcome(request, outcome, fields)


async def verify(request: Request, fields: Fields) -> Response:
    """Finish a sign-in with a code; the challenge is the one of the cookie."""
    token = cookies.challenge_cookie(services().settings, _cookies(request))
    if token is None:
        raise ChallengeExpired
    challenge = await services().second_step.describe(token)
    wish = SecondStepInput(
        email=challenge.email,
        code=fields.get("code", ""),  # pyright: ignore[reportArgumentType]  (pydantic wraps it)
        mfa_token=token,  # pyright: ignore[reportArgumentType]
        trust_device=fields.get("trust_device") in _ON,
    )
    proof = await services().second_step.verify(_context(request), wish)
    return await _welcome(request, proof, fields)


async def start_over(request: Request, fields: Fields) -> Response:
    """Forget the challenge of the cookie."""
    response = _see(_back("/login", fields))
    await _forget_challenge(request, response)
    return response


async def reveal(request: Request, fields: Fields) -> Response:
    """Hand a note over, once, to the page of the person it is for."""
    cookie = cookies.session_cookie(services().settings, _cookies(request))
    viewer = await services().sessions.authenticate_cookie(cookie or "")
    note = await services().notes.take(viewer.user_id, fields.get("ticket", "")[:128])
    return JSONResponse(note, headers={"Cache-Control": "no-store"})


async def register(request: Request, fields: Fields) -> Response:
    """Create an account and sign in to it."""
    wish = RegistrationInput(
        email=fields.get("email", ""),
        password=fields.get("password", ""),  # pyright: ignore[reportArgumentType]  (pydantic wraps it)
    )
    account = await services().registration.register(_context(request), wish)
    try:
        proof = await services().sign_in.after_registration(_context(request), account)
        return await _welcome(request, proof, fields)
    except Unavailable:
        raise AccountReady(retry_after=1) from None


async def claim(request: Request, fields: Fields) -> Response:
    """Exchange the one-use ticket of a sign-in over the websocket for the session cookie."""
    proof = await services().handoff.claim(fields.get("ticket", "")[:128])
    return await _welcome(request, proof, fields)


async def end(request: Request, _fields: Fields) -> Response:
    """Sign this browser out; nothing to end is fine too."""
    settings = services().settings
    cookie = cookies.session_cookie(settings, _cookies(request))
    try:
        viewer = await services().sessions.authenticate_cookie(cookie or "")
        await services().sessions.end(_context(request), viewer)
    except (NotAuthenticated, SessionEnded):
        pass
    response = _see("/login")
    cookies.clear_session(settings, response)
    await _forget_challenge(request, response)
    cookies.set_flash(settings, response, await services().flash.leave(Flash("signed_out")))
    return response


async def _forget_challenge(request: Request, response: Response) -> None:
    settings = services().settings
    token = cookies.challenge_cookie(settings, _cookies(request))
    if token is not None:
        with suppress(Unavailable):  # it ends by itself within five minutes
            await services().second_step.abandon(token)
        cookies.clear_challenge(settings, response)


async def _welcome(request: Request, proof: SignedIn, fields: Fields) -> Response:
    settings = services().settings
    session = await services().sessions.open_for_browser(_context(request), proof)
    response = _see(safe_next(fields.get("next")))
    cookies.set_session(settings, response, session.cookie, session.max_age)
    cookies.set_device(settings, response, services().known_devices.issue(proof.email))
    if proof.trust_device:
        token = await services().trusted_devices.trust(_context(request), proof.user_id)
        cookies.set_trusted(settings, response, token, TRUST_SECONDS)
    if cookies.challenge_cookie(settings, _cookies(request)):
        cookies.clear_challenge(settings, response)
    return response


async def change_password(request: Request, fields: Fields) -> Response:
    """Change the password of whoever is signed in."""
    header, settings = _cookies(request), services().settings
    viewer = await services().sessions.authenticate_cookie(cookies.session_cookie(settings, header) or "")
    wish = PasswordChangeInput(
        current_password=fields.get("current_password", ""),  # pyright: ignore[reportArgumentType]
        new_password=fields.get("new_password", ""),  # pyright: ignore[reportArgumentType]
        end_other_sessions=fields.get("end_other_sessions") in _ON,
    )
    device = cookies.device_cookie(settings, header)
    proof = await services().password_change.change(_context(request), viewer, wish, device)
    return await _welcome(request, proof, {"next": "/settings/security?then=password-changed"})


Action = Callable[[Request, Fields], Awaitable[Response]]


def _form(path: str, action: Action, back: str) -> Route:
    """Return a route that runs `action` and, when it refuses, leads `back` to the page that says why."""

    async def explained(request: Request) -> Response:
        fields: Fields = {}
        try:
            fields = await _read(request)
            return await action(request, fields)
        except ValidationError:
            return await _explain(back, InvalidInput(), fields)
        except DomainError as refusal:
            return await _explain(back, refusal, fields)

    return Route(path, explained, methods=["POST"], name=path)


def _call(path: str, action: Action) -> Route:
    """Return a route for our own script: it runs `action`, and a refusal is a problem document."""

    async def answered(request: Request) -> Response:
        return await action(request, await _read(request))

    return Route(path, answered, methods=["POST"], name=path)


async def _read(request: Request) -> Fields:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidInput
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _explain(back: str, refusal: DomainError, fields: Fields) -> Response:
    settings = services().settings
    typed = {name: fields[name][:320] for name in ("email",) if name in fields}
    flash = Flash(refusal.code, refusal.field, refusal.retry_after, refusal.reasons, typed)
    response = _see(_back(back, fields))
    cookies.set_flash(settings, response, await services().flash.leave(flash))
    return response


def _back(page: str, fields: Fields) -> str:
    return f"{page}?next={quote(safe_next(fields['next']), safe='')}" if "next" in fields else page


def _cookies(request: Request) -> str:
    return request.headers.get("cookie", "")


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def _context(request: Request) -> RequestContext:
    return context_from_scope(request.scope, services().settings)


FORMS: tuple[Route, ...] = (
    _form("/session/sign-in", sign_in, "/login"),
    _form("/session/register", register, "/register"),
    _form("/session/verify", verify, "/login"),
    _form("/session/start-over", start_over, "/login"),
    _form("/session/claim", claim, "/login"),
    _form("/session/password-change", change_password, "/settings/security"),
    _form("/session/end", end, "/error"),
    _call("/session/reveal", reveal),
)
