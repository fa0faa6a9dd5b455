"""A user with two-step verification, and the calls they make."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import SecretStr

from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.inputs import ReauthenticationInput, SecondStepInput, SignInInput
from autograph_web.container import Services
from autograph_web.infra.context import RequestContext
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from tests.support.clients.authenticator import PERIOD_S, Authenticator
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, context, open_pair, register


@dataclass(frozen=True)
class Enrolled:
    """An account with two-step verification, its authenticator and its recovery codes."""

    user_id: UUID
    email: str
    access_token: str
    phone: Authenticator
    paper: list[str]


async def principal_of(services: Services, token: str) -> SessionPrincipal:
    """Return the principal of an access token or a session cookie."""
    check = services.sessions.authenticate_token if "." in token else services.sessions.authenticate_cookie
    return await check(token)


async def set_up(services: Services, principal: SessionPrincipal) -> Authenticator:
    """Start an enrolment and scan its QR code."""
    return Authenticator.open((await services.enrolment.begin(context(), principal)).provisioning_uri)


async def enrol(services: Services, clock: FakeClock, email: str = EMAIL) -> Enrolled:
    """Create an account and enable two-step verification; the clock is already at the next code."""
    account = await register(services, email)
    token = (await open_pair(services, email, "198.51.100.200")).access_token
    principal = await principal_of(services, token)
    phone = await set_up(services, principal)
    paper = await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))
    clock.advance(PERIOD_S)
    return Enrolled(account.id, email, token, phone, paper)


async def challenge(
    services: Services,
    asking: RequestContext | None = None,
    email: str = EMAIL,
    *,
    remember: bool = False,
    trusted: str | None = None,
) -> str:
    """Send the password and return the token of the second step that it requires."""
    outcome = await start(services, asking, email, remember=remember, trusted=trusted)
    assert isinstance(outcome, ChallengeRequired)
    return outcome.token


async def start(
    services: Services,
    asking: RequestContext | None = None,
    email: str = EMAIL,
    *,
    remember: bool = False,
    trusted: str | None = None,
) -> AuthenticationGrant | ChallengeRequired:
    """Send the password."""
    data = SignInInput(email=email, password=SecretStr(PASSWORD), remember_me=remember)
    return await services.sign_in.start(asking or context(), data, trusted=trusted)


async def verify(
    services: Services,
    code: str,
    token: str | None = None,
    asking: RequestContext | None = None,
    email: str = EMAIL,
    *,
    trust: bool = False,
) -> AuthenticationGrant:
    """Send a code."""
    data = SecondStepInput(
        email=email,
        code=SecretStr(code),
        mfa_token=None if token is None else SecretStr(token),
        trust_device=trust,
    )
    return await services.second_factor_step.verify(asking or context(), data)


async def sign_in(
    services: Services, code: str, asking: RequestContext | None = None, email: str = EMAIL
) -> AuthenticationGrant:
    """Sign in with both steps."""
    return await verify(services, code, await challenge(services, asking, email), asking, email)


async def reauthenticate(
    services: Services, principal: SessionPrincipal, code: str | None = None, password: str = PASSWORD
) -> AuthenticationGrant:
    """Confirm the user's identity within a session."""
    data = ReauthenticationInput(password=SecretStr(password), code=None if code is None else SecretStr(code))
    return await services.reauthentication.confirm(context(), principal, data)


async def open_browser(services: Services, grant: AuthenticationGrant) -> str:
    """Open a session from a proof and return its cookie."""
    return (await services.sessions.open_for_browser(context(), grant)).cookie


async def fresh_viewer(services: Services, clock: FakeClock, enrolled: Enrolled) -> SessionPrincipal:
    """Sign in with both steps and return the principal, then move the clock to the next code."""
    grant = await sign_in(services, enrolled.phone.code(clock.seconds()), email=enrolled.email)
    clock.advance(PERIOD_S)
    return await principal_of(services, await open_browser(services, grant))
