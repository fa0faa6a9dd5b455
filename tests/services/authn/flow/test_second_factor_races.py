"""Twenty concurrent requests, on both databases: what may succeed once succeeds for exactly one of them."""

import asyncio
from collections import Counter
from itertools import cycle, islice

import pytest

from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.container import Services
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.sessions.principal import AuthenticationGrant
from autograph_web.sessions.store import SESSIONS
from autograph_web.sessions.tokens import TokenPair
from tests.support.clients.authenticator import PERIOD_S
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import audited, context, how_many, open_pair, register, rows
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

RACERS = 20


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


async def finish(services: Services, code: str, token: str) -> TokenPair:
    return await services.tokens.open_for_client(context(), await verify(services, code, token))


def successes(outcomes: list[TokenPair | BaseException]) -> int:
    return sum(isinstance(outcome, TokenPair) for outcome in outcomes)


async def test_of_twenty_setups_begun_at_once_one_key_stays(services: Services) -> None:
    await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    await asyncio.gather(*(services.enrolment.begin(context(), principal) for _ in range(RACERS)))

    assert await how_many(services, FACTORS) == 1


@pytest.mark.parametrize("kind", ["totp", "recovery_code"])
async def test_of_twenty_sign_ins_with_one_code_one_succeeds(
    services: Services, clock: FakeClock, mina: Enrolled, kind: str
) -> None:
    code = mina.phone.code(clock.seconds()) if kind == "totp" else mina.paper[0]
    tokens = [await challenge(services) for _ in range(RACERS)]
    before = await how_many(services, SESSIONS)
    outcomes = await asyncio.gather(
        *(finish(services, code, token) for token in tokens), return_exceptions=True
    )

    assert successes(outcomes) == 1
    kinds = Counter(type(outcome) for outcome in outcomes if not isinstance(outcome, TokenPair))
    assert set(kinds) <= {InvalidCode, RateLimitExceeded}
    assert await how_many(services, SESSIONS) == before + 1
    assert len(await audited(services, "mfa_verify_success")) == 1


async def test_of_twenty_tries_of_one_challenge_with_good_codes_one_opens_a_session(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    now = clock.seconds()
    good = [mina.phone.code(now), mina.phone.code(now + PERIOD_S), *mina.paper]
    token = await challenge(services)
    before = await how_many(services, SESSIONS)
    outcomes = await asyncio.gather(
        *(finish(services, code, token) for code in islice(cycle(good), RACERS)), return_exceptions=True
    )

    assert successes(outcomes) == 1
    assert await how_many(services, SESSIONS) == before + 1
    assert len(await audited(services, "mfa_verify_success")) == 1


async def test_who_loses_the_race_for_a_challenge_keeps_the_code(services: Services, mina: Enrolled) -> None:
    token = await challenge(services)
    await asyncio.gather(*(finish(services, code, token) for code in mina.paper), return_exceptions=True)

    assert sum(row.used_at is not None for row in await rows(services, CODES)) == 1
    assert len(await audited(services, "recovery_code_used")) == 1


async def test_one_code_confirms_or_signs_in_but_not_both(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    for _ in range(10):
        code = mina.phone.code(clock.seconds())
        tokens = [await challenge(services) for _ in range(2)]
        outcomes = await asyncio.gather(
            *(verify(services, code, token) for token in tokens),
            *(reauthenticate(services, principal, code) for _ in range(2)),
            return_exceptions=True,
        )
        assert Counter(map(type, outcomes)) == {AuthenticationGrant: 1, InvalidCode: 3}, outcomes
        clock.advance(3600)  # refusals count


async def test_replacing_while_a_recovery_code_is_used_keeps_nobody_waiting(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    principal, paper = await fresh_viewer(services, clock, mina), mina.paper
    for _ in range(10):
        phone, token = await set_up(services, principal), await challenge(services)
        outcomes = await asyncio.gather(
            verify(services, paper[0], token),
            services.enrolment.enable(context(), principal, phone.code(clock.seconds())),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], AuthenticationGrant | InvalidCode), outcomes
        assert isinstance(outcomes[1], list), outcomes
        paper = outcomes[1]


async def test_of_twenty_that_turn_it_on_with_one_code_one_does(
    services: Services, clock: FakeClock, mailbox: Mailbox
) -> None:
    await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    code = (await set_up(services, principal)).code(clock.seconds())
    outcomes = await asyncio.gather(
        *(services.enrolment.enable(context(), principal, code) for _ in range(RACERS)),
        return_exceptions=True,
    )

    given = [outcome for outcome in outcomes if isinstance(outcome, list)]
    assert len(given) == 1
    assert await how_many(services, CODES) == 10
    assert len(await audited(services, "mfa_enabled")) == 1
    assert len(mailbox.letters) == 1
    assert await sign_in(services, given[0][0])


async def test_of_twenty_setups_at_once_at_most_one_is_confirmed(
    services: Services, clock: FakeClock
) -> None:
    await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    phones = await asyncio.gather(*(set_up(services, principal) for _ in range(RACERS)))
    outcomes = await asyncio.gather(
        *(services.enrolment.enable(context(), principal, phone.code(clock.seconds())) for phone in phones),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, list) for outcome in outcomes) <= 1
    assert sum(row.activated_at is not None for row in await rows(services, FACTORS)) <= 1


async def test_of_recovery_codes_made_twice_at_once_one_set_works(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    await asyncio.gather(*(services.enrolment.regenerate_codes(context(), principal) for _ in range(5)))

    assert await how_many(services, CODES) == 10


async def test_turning_off_twice_at_once_is_told_once(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    outcomes = await asyncio.gather(
        *(services.enrolment.disable(context(), principal) for _ in range(5)), return_exceptions=True
    )

    assert outcomes.count(None) == 1
    assert ReauthenticationRequired not in [type(outcome) for outcome in outcomes]
    assert len(await audited(services, "mfa_disabled")) == 1
