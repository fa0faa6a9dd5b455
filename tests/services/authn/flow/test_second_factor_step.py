"""The second step of a sign-in, on both databases."""

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.flow.errors import ChallengeExpired
from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.container import Services
from autograph_web.sessions.store import REFRESH_TOKENS, SESSIONS
from tests.support.clients.authenticator import PERIOD_S
from tests.support.servers.inspection import RedisWindow
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, audited, context, how_many, rows
from tests.support.services.two_step import (
    Enrolled,
    challenge,
    enrol,
    open_browser,
    principal_of,
    sign_in,
    verify,
)


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


async def test_password_and_code_give_a_proof(services: Services, clock: FakeClock, mina: Enrolled) -> None:
    token = await challenge(services, remember=True)
    clock.advance(20)
    grant = await verify(services, mina.phone.code(clock.seconds()), token)

    assert (grant.user_id, grant.email, grant.method) == (mina.user_id, EMAIL, "password+totp")
    assert (grant.remember, grant.trust_device) == (True, False)
    assert grant.authenticated_at == clock.now()


async def test_a_recovery_code_does_as_well(services: Services, mina: Enrolled) -> None:
    grant = await sign_in(services, mina.paper[3])

    assert (grant.user_id, grant.method) == (mina.user_id, "password+recovery_code")
    assert (await services.second_factors.status(mina.user_id)).recovery_codes_left == 9


async def test_nothing_is_opened_before_the_second_step(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow
) -> None:
    before = [await how_many(services, SESSIONS), await how_many(services, REFRESH_TOKENS)]
    kept = set(redis_window.keys("session:*") + redis_window.keys("handoff:*"))
    token = await challenge(services)
    for code in (mina.phone.wrong_code(clock.seconds()), "0000-0000-0000-0000"):
        with pytest.raises(InvalidCode):
            await verify(services, code, token)

    assert [await how_many(services, SESSIONS), await how_many(services, REFRESH_TOKENS)] == before
    assert set(redis_window.keys("session:*") + redis_window.keys("handoff:*")) == kept


async def test_a_wrong_code_leaves_the_challenge_open(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    token = await challenge(services)
    with pytest.raises(InvalidCode):
        await verify(services, mina.phone.wrong_code(clock.seconds()), token)

    assert await verify(services, mina.phone.code(clock.seconds()), token)


@pytest.mark.parametrize(
    ("offset", "accepted"), [(-31, False), (-30, True), (0, True), (29 + 30, True), (29 + 31, False)]
)
async def test_a_clock_may_be_one_step_off(
    services: Services, clock: FakeClock, mina: Enrolled, offset: int, accepted: bool
) -> None:
    """The period of the code begins at 0, and 29 is its last second."""
    begin = (clock.seconds() // PERIOD_S + 10) * PERIOD_S
    clock.advance(begin + offset - clock.seconds())
    token = await challenge(services)
    if accepted:
        assert await verify(services, mina.phone.code(begin), token)
    else:
        with pytest.raises(InvalidCode):
            await verify(services, mina.phone.code(begin), token)


@pytest.mark.parametrize("later", [0, 1, 30])
async def test_a_code_works_once(services: Services, clock: FakeClock, mina: Enrolled, later: int) -> None:
    code = mina.phone.code(clock.seconds())
    await sign_in(services, code)
    clock.advance(later)

    with pytest.raises(InvalidCode):
        await sign_in(services, code)


async def test_a_code_used_with_a_space_is_used_without_one_too(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    code = mina.phone.code(clock.seconds())
    await sign_in(services, f"{code[:3]} {code[3:]}")

    with pytest.raises(InvalidCode):
        await sign_in(services, code)


async def test_no_earlier_code_works_after_a_later_one(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    now = clock.seconds()
    await sign_in(services, mina.phone.code(now + PERIOD_S))

    for earlier in (mina.phone.code(now), mina.phone.code(now - PERIOD_S)):
        with pytest.raises(InvalidCode):
            await sign_in(services, earlier)


async def test_the_code_that_turned_it_on_counts_as_used(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    enabling = mina.phone.code(clock.seconds() - PERIOD_S)

    with pytest.raises(InvalidCode):
        await sign_in(services, enabling)


async def test_a_used_code_stays_used_when_redis_forgets_everything(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow
) -> None:
    code = mina.phone.code(clock.seconds())
    await sign_in(services, code)
    await sign_in(services, mina.paper[0])
    redis_window.client.flushall()

    for used in (code, mina.paper[0]):
        with pytest.raises(InvalidCode):
            await sign_in(services, used)


async def test_a_recovery_code_works_once_in_whatever_spelling(services: Services, mina: Enrolled) -> None:
    await sign_in(services, mina.paper[0])

    for spelling in (mina.paper[0], mina.paper[0].upper().replace("-", " ")):
        with pytest.raises(InvalidCode):
            await sign_in(services, spelling)
    assert await sign_in(services, mina.paper[1])


async def test_codes_of_another_account_are_wrong(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    theo = await enrol(services, clock, "theo@northwind.dev")
    token = await challenge(services)

    for code in (theo.phone.code(clock.seconds()), theo.paper[0]):
        with pytest.raises(InvalidCode):
            await verify(services, code, token)
    assert (await services.second_factors.status(theo.user_id)).recovery_codes_left == 10


async def test_a_challenge_works_once(services: Services, clock: FakeClock, mina: Enrolled) -> None:
    token = await challenge(services)
    await verify(services, mina.phone.code(clock.seconds()), token)

    with pytest.raises(ChallengeExpired):
        await verify(services, mina.paper[0], token)
    assert (await services.second_factors.status(mina.user_id)).recovery_codes_left == 10


async def test_signing_out_everywhere_voids_a_challenge_and_spends_no_code(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    token = await challenge(services)
    await services.sessions.end_all(context(), await principal_of(services, mina.access_token))
    steps = [row.last_step for row in await rows(services, FACTORS)]

    for code in (mina.phone.code(clock.seconds()), mina.paper[0]):
        with pytest.raises(SessionEnded):
            await verify(services, code, token)
    assert [row.last_step for row in await rows(services, FACTORS)] == steps
    assert [row.used_at for row in await rows(services, CODES)] == [None] * 10
    assert await audited(services, "mfa_verify_success") == []


async def test_a_browser_session_says_how_it_was_opened(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    grant = await sign_in(services, mina.phone.code(clock.seconds()))
    principal = await principal_of(services, await open_browser(services, grant))

    assert (principal.method, principal.mfa_enabled) == ("password+totp", True)
