"""Changing sign-in methods requires recent authentication, which confirming one's identity provides."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from tests.support.clients.authenticator import PERIOD_S
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    context,
    open_pair,
    register,
)
from tests.support.services.two_step import (
    Enrolled,
    challenge,
    enrol,
    fresh_viewer,
    open_browser,
    principal_of,
    reauthenticate,
    set_up,
    start,
    verify,
)

TEN_MINUTES = 600

Change = Callable[[Services, SessionPrincipal], Awaitable[object]]


async def begin(services: Services, principal: SessionPrincipal) -> object:
    return await services.enrolment.begin(context(), principal)


async def disable(services: Services, principal: SessionPrincipal) -> object:
    return await services.enrolment.disable(context(), principal)


async def regenerate(services: Services, principal: SessionPrincipal) -> object:
    return await services.enrolment.regenerate_codes(context(), principal)


CHANGES = pytest.mark.parametrize("change", [begin, disable, regenerate])


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: nothing here concerns SQL statements."""
    return sqlite_url


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


@CHANGES
@pytest.mark.parametrize(("waited", "fresh"), [(TEN_MINUTES, True), (TEN_MINUTES + 1, False)])
async def test_a_sign_in_with_both_steps_is_fresh_for_ten_minutes(
    services: Services, clock: FakeClock, mina: Enrolled, change: Change, waited: int, fresh: bool
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    clock.advance(waited - PERIOD_S)
    if fresh:
        await change(services, principal)
    else:
        with pytest.raises(ReauthenticationRequired):
            await change(services, principal)


@CHANGES
async def test_a_recovery_code_is_a_second_factor_too(
    services: Services, mina: Enrolled, change: Change
) -> None:
    grant = await verify(services, mina.paper[0], await challenge(services))

    await change(services, await principal_of(services, await open_browser(services, grant)))


@CHANGES
async def test_the_session_that_turned_it_on_has_shown_no_second_factor(
    services: Services, mina: Enrolled, change: Change
) -> None:
    with pytest.raises(ReauthenticationRequired):
        await change(services, await principal_of(services, mina.access_token))


@CHANGES
async def test_a_trusted_device_is_no_second_factor(
    services: Services, mina: Enrolled, change: Change
) -> None:
    grant = await start(services, trusted=await services.trusted_devices.trust(context(), mina.user_id))
    assert isinstance(grant, AuthenticationGrant)
    principal = await principal_of(services, await open_browser(services, grant))

    with pytest.raises(ReauthenticationRequired):
        await change(services, principal)


async def test_the_first_setup_needs_a_fresh_sign_in_as_well(services: Services, clock: FakeClock) -> None:
    await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    clock.advance(TEN_MINUTES + 1)

    with pytest.raises(ReauthenticationRequired):
        await set_up(services, principal)


async def test_a_first_setup_may_take_its_time(services: Services, clock: FakeClock) -> None:
    await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    phone = await set_up(services, principal)
    clock.advance(TEN_MINUTES + 1)

    assert await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))


async def test_a_replacement_must_still_be_fresh_at_its_end(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    phone = await set_up(services, principal)
    clock.advance(TEN_MINUTES)

    with pytest.raises(ReauthenticationRequired):
        await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))


async def test_a_session_that_says_it_is_off_is_not_believed(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    stale = replace(await principal_of(services, mina.access_token), mfa_enabled=False)

    for change in (begin, disable, regenerate):
        with pytest.raises(ReauthenticationRequired):
            await change(services, stale)
    with pytest.raises(SessionEnded):
        await reauthenticate(services, stale)
