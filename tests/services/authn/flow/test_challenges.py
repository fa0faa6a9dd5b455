"""Who may use a code: the challenge between the two steps, as stored in Redis."""

import asyncio

import pytest

from autograph_web.authn.flow.errors import ChallengeExpired
from autograph_web.container import Services
from autograph_web.infra.errors import DomainError
from tests.support.servers.inspection import RedisWindow
from tests.support.services.clock import FakeClock
from tests.support.services.factories import AGENT, EMAIL, audited, context
from tests.support.services.two_step import Enrolled, challenge, enrol, verify

OTHER = "theo@northwind.dev"
HOME, ELSEWHERE = "203.0.113.7", "192.0.2.66"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what is tested here happens in Redis."""
    return sqlite_url


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


async def assert_nothing_counted(services: Services, redis_window: RedisWindow) -> None:
    assert redis_window.keys("rate_limit:mfa*") == []
    assert await audited(services, "mfa_verify_failed") == []


async def test_a_challenge_is_kept_for_five_minutes(
    services: Services, mina: Enrolled, redis_window: RedisWindow
) -> None:
    await challenge(services)
    left = {key: ms for key, ms in redis_window.lifetimes().items() if key.startswith("mfa_")}

    assert [key.partition(":")[0] for key in left] == ["mfa_challenge", "mfa_pending"]
    assert all(290_000 < ms <= 300_000 for ms in left.values())


@pytest.mark.parametrize("with_token", [True, False])
async def test_a_challenge_whose_time_has_run_out_is_refused(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow, with_token: bool
) -> None:
    token = await challenge(services)
    for key in redis_window.keys("mfa_*"):
        redis_window.client.pexpire(key, 1)
    await asyncio.sleep(0.02)

    with pytest.raises(ChallengeExpired):
        await verify(services, mina.phone.code(clock.seconds()), token if with_token else None)
    await assert_nothing_counted(services, redis_window)


@pytest.mark.parametrize("with_token", [True, False])
async def test_when_redis_forgets_everything_one_signs_in_again(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow, with_token: bool
) -> None:
    token = await challenge(services)
    redis_window.client.flushall()
    for code in [mina.phone.wrong_code(clock.seconds())] * 6 + [mina.phone.code(clock.seconds())]:
        with pytest.raises(ChallengeExpired):
            await verify(services, code, token if with_token else None)

    await assert_nothing_counted(services, redis_window)
    assert await verify(services, mina.phone.code(clock.seconds()), await challenge(services))


async def test_email_and_code_are_enough_for_the_client_that_showed_the_password(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    await challenge(services)

    assert (await verify(services, mina.phone.code(clock.seconds()), email=EMAIL.upper())).email == EMAIL


async def test_without_a_token_the_latest_challenge_counts(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    for remember in (True, False, True):
        await challenge(services, remember=remember)

    assert (await verify(services, mina.phone.code(clock.seconds()))).remember is True


@pytest.mark.parametrize(
    ("ip", "agent", "email"),
    [
        (ELSEWHERE, AGENT, EMAIL),
        (HOME, "curl/8.0", EMAIL),
        (HOME, "", EMAIL),
        ("203.0.113.70", AGENT, EMAIL),
        (HOME, AGENT, OTHER),
        (HOME, AGENT, f"{EMAIL}\n{HOME}"),
        (HOME, AGENT, ""),
    ],
)
async def test_a_stranger_cannot_use_a_challenge_nor_spend_its_tries(
    services: Services,
    clock: FakeClock,
    mina: Enrolled,
    redis_window: RedisWindow,
    ip: str,
    agent: str,
    email: str,
) -> None:
    await challenge(services, context(HOME))
    for code in [mina.phone.wrong_code(clock.seconds())] * 6 + [mina.phone.code(clock.seconds())]:
        with pytest.raises(ChallengeExpired):
            await verify(services, code, asking=context(ip, agent), email=email)

    await assert_nothing_counted(services, redis_window)
    assert await verify(services, mina.phone.code(clock.seconds()), asking=context(HOME))


async def test_the_token_is_enough_wherever_the_client_has_moved(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    token = await challenge(services, context(HOME))
    grant = await verify(services, mina.phone.code(clock.seconds()), token, context(ELSEWHERE, "curl/8.0"))

    assert grant.user_id == mina.user_id


async def test_the_token_of_another_account_is_refused(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow
) -> None:
    theo = await enrol(services, clock, OTHER)
    mine, theirs = await challenge(services), await challenge(services, email=OTHER)

    for token, email, code in (
        (theirs, EMAIL, mina.phone.code(clock.seconds())),
        (theirs, EMAIL, theo.phone.code(clock.seconds())),
        (mine, OTHER, theo.phone.code(clock.seconds())),
    ):
        with pytest.raises(ChallengeExpired):
            await verify(services, code, token, email=email)
    await assert_nothing_counted(services, redis_window)


@pytest.mark.parametrize("made_up", ["", "x", "A" * 43, "*", "é", "\0", "mfa_pending"])
async def test_a_made_up_token_is_refused_though_a_challenge_is_pending(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow, made_up: str
) -> None:
    await challenge(services)

    with pytest.raises(ChallengeExpired):
        await verify(services, mina.phone.code(clock.seconds()), made_up)
    await assert_nothing_counted(services, redis_window)


async def test_nothing_stored_in_redis_works_as_a_token(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow
) -> None:
    await challenge(services)
    for key in redis_window.keys("mfa_*"):
        for found in (key, key.partition(":")[2], redis_window.client.get(key).decode()):
            with pytest.raises((DomainError, ValueError)):
                await verify(services, mina.phone.code(clock.seconds()), found)


async def test_starting_over_leaves_nothing_of_the_sign_in(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow
) -> None:
    token = await challenge(services)
    await services.second_factor_step.abandon(token)

    assert redis_window.keys("mfa_*") == []
    for shown in (token, None):
        with pytest.raises(ChallengeExpired):
            await verify(services, mina.phone.code(clock.seconds()), shown)


async def test_a_finished_sign_in_leaves_no_challenge(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow
) -> None:
    await challenge(services)
    await verify(services, mina.phone.code(clock.seconds()))

    assert redis_window.keys("mfa_*") == []


async def test_starting_over_leaves_a_later_sign_in_of_the_same_client_alone(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    first = await challenge(services)
    await challenge(services)
    await services.second_factor_step.abandon(first)

    assert await verify(services, mina.phone.code(clock.seconds()))


@pytest.mark.parametrize("made_up", ["", "x", "A" * 43])
async def test_starting_over_without_a_challenge_is_fine(services: Services, made_up: str) -> None:
    await services.second_factor_step.abandon(made_up)


async def test_a_challenge_can_be_described_to_who_holds_its_token(
    services: Services, mina: Enrolled
) -> None:
    token = await challenge(services)
    known = await services.second_factor_step.describe(token)

    assert (known.email, known.token, known.methods) == (EMAIL, token, ("totp", "recovery_code"))
    with pytest.raises(ChallengeExpired):
        await services.second_factor_step.describe("A" * 43)
