"""How many wrong codes an account and a challenge allow, with a real Redis and a controlled clock."""

import asyncio
from collections import Counter

import pytest

from autograph_web.accounts.errors import WrongPassword
from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.methods.totp.errors import SetupCodeInvalid
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from tests.support.servers.inspection import RedisWindow
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, WRONG, audited, context, open_pair, prove, register
from tests.support.services.two_step import (
    Enrolled,
    challenge,
    enrol,
    fresh_viewer,
    principal_of,
    reauthenticate,
    set_up,
    sign_in,
    verify,
)

OTHER = "theo@northwind.dev"
FIVE_MINUTES, HOUR, DAY = 300, 3600, 86_400


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what is tested here happens in Redis."""
    return sqlite_url


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


async def fail(services: Services, clock: FakeClock, mina: Enrolled, times: int) -> None:
    """Sign in again and send wrong codes."""
    token, code = await challenge(services, email=mina.email), mina.phone.wrong_code(clock.seconds())
    for _ in range(times):
        with pytest.raises(InvalidCode):
            await verify(services, code, token, email=mina.email)


async def refused(services: Services, clock: FakeClock, mina: Enrolled) -> int:
    """Send the right code in a new sign-in, check that it is refused, and return the required wait."""
    with pytest.raises(RateLimited) as refusal:
        await sign_in(services, mina.phone.code(clock.seconds()))
    assert refusal.value.retry_after is not None
    return refusal.value.retry_after


async def test_the_sixth_code_of_a_challenge_is_refused_even_the_right_one(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    token = await challenge(services)
    for _ in range(5):
        with pytest.raises(InvalidCode):
            await verify(services, mina.phone.wrong_code(clock.seconds()), token)

    for code in (mina.phone.code(clock.seconds()), mina.paper[0]):
        with pytest.raises(RateLimited) as refusal:
            await verify(services, code, token)
        assert refusal.value.retry_after == FIVE_MINUTES
    assert (await services.second_factors.status(mina.user_id)).recovery_codes_left == 10


async def test_a_challenge_has_five_tries_of_its_own(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    """A success elsewhere restores the attempts of the account, but not those of this challenge."""
    token, wrong = await challenge(services), mina.phone.wrong_code(clock.seconds())
    for _ in range(4):
        with pytest.raises(InvalidCode):
            await verify(services, wrong, token)
    await sign_in(services, mina.paper[0])
    with pytest.raises(InvalidCode):
        await verify(services, wrong, token)

    with pytest.raises(RateLimited):
        await verify(services, mina.paper[1], token)
    assert await sign_in(services, mina.paper[1])


async def test_signing_in_anew_buys_no_tries(services: Services, clock: FakeClock, mina: Enrolled) -> None:
    for _ in range(5):
        await fail(services, clock, mina, 1)

    assert await refused(services, clock, mina) == FIVE_MINUTES
    clock.advance(FIVE_MINUTES - 1)
    assert await refused(services, clock, mina) == 1
    clock.advance(1)
    assert await sign_in(services, mina.phone.code(clock.seconds()))


async def test_twenty_failures_are_allowed_in_an_hour(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    for _ in range(4):
        await fail(services, clock, mina, 5)
        clock.advance(FIVE_MINUTES)

    assert await refused(services, clock, mina) == HOUR - 4 * FIVE_MINUTES
    clock.advance(HOUR - 4 * FIVE_MINUTES)
    assert await sign_in(services, mina.phone.code(clock.seconds()))


async def test_fifty_failures_are_allowed_in_a_day(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    for rounds in (4, 4, 2):
        for _ in range(rounds):
            await fail(services, clock, mina, 5)
            clock.advance(FIVE_MINUTES)
        clock.advance(HOUR - rounds * FIVE_MINUTES)

    assert await refused(services, clock, mina) == DAY - 3 * HOUR
    clock.advance(DAY - 3 * HOUR)
    assert await sign_in(services, mina.phone.code(clock.seconds()))


async def test_another_account_goes_on(services: Services, clock: FakeClock, mina: Enrolled) -> None:
    theo = await enrol(services, clock, OTHER)
    await fail(services, clock, mina, 5)

    token = await challenge(services, email=OTHER)
    assert await verify(services, theo.phone.code(clock.seconds()), token, email=OTHER)


async def test_a_success_gives_the_tries_back(services: Services, clock: FakeClock, mina: Enrolled) -> None:
    for _ in range(3):
        await fail(services, clock, mina, 4)
        await sign_in(services, mina.phone.code(clock.seconds()))
        clock.advance(30)


async def test_of_twenty_wrong_codes_at_once_five_are_looked_at(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    token, wrong = await challenge(services), mina.phone.wrong_code(clock.seconds())
    outcomes = await asyncio.gather(
        *(verify(services, wrong, token) for _ in range(20)), return_exceptions=True
    )

    assert Counter(map(type, outcomes)) == {InvalidCode: 5, RateLimitExceeded: 15}
    assert [row.details for row in await audited(services, "mfa_verify_failed")].count({}) == 5


async def test_a_flood_of_refusals_is_audited_once(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    await fail(services, clock, mina, 5)
    token = await challenge(services)
    for _ in range(10):
        with pytest.raises(RateLimited):
            await verify(services, mina.paper[0], token)

    details = [row.details for row in await audited(services, "mfa_verify_failed")]
    assert details == [{}] * 5 + [{"rate_limited": True}]


async def test_wrong_codes_of_every_kind_and_place_share_the_budget(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    await set_up(services, principal)
    wrong, token = mina.phone.wrong_code(clock.seconds()), await challenge(services)
    for code in (wrong, "0000-0000-0000-0000"):
        with pytest.raises(InvalidCode):
            await verify(services, code, token)
    with pytest.raises(SetupCodeInvalid):
        await services.enrolment.enable(context(), principal, wrong)
    for _ in range(2):
        with pytest.raises(InvalidCode):
            await reauthenticate(services, principal, wrong)

    assert await refused(services, clock, mina) == FIVE_MINUTES
    with pytest.raises(RateLimited):
        await reauthenticate(services, principal, mina.paper[0])


async def test_the_sixth_code_of_a_setup_is_refused(services: Services, clock: FakeClock) -> None:
    await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    phone = await set_up(services, principal)
    for _ in range(5):
        with pytest.raises(SetupCodeInvalid):
            await services.enrolment.enable(context(), principal, phone.wrong_code(clock.seconds()))

    with pytest.raises(RateLimited):
        await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))


async def test_wrong_passwords_of_a_reauthentication_count_with_those_of_the_sign_in(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await reauthenticate(services, principal, mina.phone.code(clock.seconds()), WRONG)

    with pytest.raises(RateLimited):
        await reauthenticate(services, principal, mina.phone.code(clock.seconds()))
    with pytest.raises(RateLimited):
        await prove(services, EMAIL)


async def test_the_budgets_run_out_with_their_windows(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow
) -> None:
    await fail(services, clock, mina, 1)
    left = {key: ms for key, ms in redis_window.lifetimes().items() if key.startswith("rate_limit:mfa")}

    windows = {key.split(":")[2]: ms for key, ms in left.items() if key.startswith("rate_limit:mfa:")}
    assert set(windows) == {"300", "3600", "86400"}
    assert all(0 < ms <= int(window) * 1000 for window, ms in windows.items())
    [own] = [ms for key, ms in left.items() if key.startswith("rate_limit:mfa_challenge:")]
    assert 0 < own <= 300_000
