"""Native forms: what a page's form submits without JavaScript, and the step that sets the session cookie."""

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from autograph_web.accounts.errors import AccountReady, SessionEnded
from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.errors import ChallengeExpired, EmailNotVerified
from autograph_web.authn.flow.inputs import SecondStepInput, SignInInput
from autograph_web.authn.methods.trusted_device.trusted_devices import TRUST_SECONDS
from autograph_web.http import cookies
from autograph_web.http.native_forms import (
    ON,
    Fields,
    back_to,
    call_route,
    cookie_header,
    current_principal,
    form_route,
    path_with_message,
    redirect,
    redirect_with_flash,
    request_context,
)
from autograph_web.http.redirects import safe_next
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.flash import Flash
from autograph_web.runtime import services
from autograph_web.sessions.errors import NotAuthenticated
from autograph_web.sessions.principal import AuthenticationGrant

_CODE_WANTED = "code_wanted"


async def sign_in(request: Request, fields: Fields) -> Response:
    """Sign in with email and password."""
    data = SignInInput(
        email=fields.get("email", ""),
        password=fields.get("password", ""),  # pyright: ignore[reportArgumentType]  (pydantic wraps it)
        remember_me=fields.get("remember_me") in ON,
    )
    header, settings = cookie_header(request), services().settings
    device, trusted = cookies.device_cookie(settings, header), cookies.trusted_cookie(settings, header)
    outcome = await services().sign_in.start(request_context(request), data, device, trusted)
    if isinstance(outcome, ChallengeRequired):
        response = redirect(path_with_message(back_to("/login", fields), _CODE_WANTED, fields))
        cookies.set_challenge(settings, response, outcome.token)
        return response
    return await complete_login(request, outcome, fields)


async def verify(request: Request, fields: Fields) -> Response:
    """Complete a sign-in with a second-factor code; the challenge is taken from the cookie."""
    token = cookies.challenge_cookie(services().settings, cookie_header(request))
    if token is None:
        raise ChallengeExpired
    challenge = await services().second_factor_step.describe(token)
    data = SecondStepInput(
        email=challenge.email,
        code=fields.get("code", ""),  # pyright: ignore[reportArgumentType]  (pydantic wraps it)
        mfa_token=token,  # pyright: ignore[reportArgumentType]
        trust_device=fields.get("trust_device") in ON,
    )
    device = cookies.device_cookie(services().settings, cookie_header(request))
    grant = await services().second_factor_step.verify(request_context(request), data, device)
    return await complete_login(request, grant, fields)


async def abandon_challenge(request: Request, fields: Fields) -> Response:
    """Abandon the challenge of the cookie."""
    response = redirect(back_to("/login", fields))
    await _forget_challenge(request, response)
    return response


async def fetch_one_time_secret(request: Request, fields: Fields) -> Response:
    """Return a one-time secret, once, to the page of the user it is intended for."""
    note = await services().one_time_secrets.pop(
        current_principal(request).user_id, fields.get("ticket", "")[:128]
    )
    return JSONResponse(note, headers={"Cache-Control": "no-store"})


async def register(request: Request, fields: Fields) -> Response:
    """Create an account and sign in to it, or report that an email has been sent."""
    data = RegistrationInput(
        email=fields.get("email", ""),
        password=fields.get("password", ""),  # pyright: ignore[reportArgumentType]  (pydantic wraps it)
    )
    account = await services().registration.register(request_context(request), data)
    try:
        grant = await services().sign_in.after_registration(request_context(request), account)
        return await complete_login(request, grant, fields)
    except EmailNotVerified:
        return await redirect_with_flash(
            "/verify-email", Flash("verification_sent", values={"email": account.email}), fields
        )
    except Unavailable:
        raise AccountReady(retry_after=1) from None


async def redeem_ticket(request: Request, fields: Fields) -> Response:
    """Exchange the one-time ticket of a sign-in over the websocket for the session cookie."""
    grant = await services().login_tickets.redeem(fields.get("ticket", "")[:128])
    return await complete_login(request, grant, fields)


async def sign_out(request: Request, fields: Fields) -> Response:
    """Sign this browser out; succeeds also without a session."""
    settings = services().settings
    cookie = cookies.session_cookie(settings, cookie_header(request))
    try:
        principal = await services().sessions.authenticate_cookie(cookie or "")
        await services().sessions.end(request_context(request), principal)
    except (NotAuthenticated, SessionEnded):
        pass
    response = await redirect_with_flash("/login", Flash("signed_out"), fields)
    cookies.clear_session(settings, response)
    await _forget_challenge(request, response)
    return response


async def _forget_challenge(request: Request, response: Response) -> None:
    settings = services().settings
    token = cookies.challenge_cookie(settings, cookie_header(request))
    if token is not None:
        with suppress(Unavailable):  # it expires within five minutes
            await services().second_factor_step.abandon(token)
        cookies.clear_challenge(settings, response)


async def complete_login(request: Request, grant: AuthenticationGrant, fields: Fields) -> Response:
    """Open the session of a grant, set the cookies and redirect to the next page."""
    settings = services().settings
    previous = cookies.session_cookie(settings, cookie_header(request))
    session = await services().sessions.open_for_browser(request_context(request), grant, previous)
    response = redirect(safe_next(fields.get("next")))
    cookies.set_session(settings, response, session.cookie, session.max_age)
    cookies.set_device(settings, response, services().device_cookies.issue(grant.email))
    if grant.trust_device:
        token = await services().trusted_devices.trust(request_context(request), grant.user_id)
        cookies.set_trusted(settings, response, token, TRUST_SECONDS)
    if cookies.challenge_cookie(settings, cookie_header(request)):
        cookies.clear_challenge(settings, response)
    return response


FORMS: tuple[Route, ...] = (
    form_route("/session/sign-in", sign_in, "/login"),
    form_route("/session/register", register, "/register"),
    form_route("/session/verify", verify, "/login"),
    form_route("/session/start-over", abandon_challenge, "/login"),
    form_route("/session/claim", redeem_ticket, "/login"),
    form_route("/session/end", sign_out, "/error"),
    call_route("/session/reveal", fetch_one_time_secret),
)
