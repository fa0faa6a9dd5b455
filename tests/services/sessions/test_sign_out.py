"""Signing out: revoked at once, everywhere, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.store import USERS
from autograph_web.container import Services
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.errors import DomainError
from autograph_web.sessions.cache import COPY_TTL, SessionCache
from autograph_web.sessions.cookies import new_cookie
from autograph_web.sessions.record import SessionRecord
from autograph_web.sessions.store import SESSIONS
from autograph_web.sessions.tokens import TokenPair
from tests.support.servers.inspection import RedisWindow
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    audited,
    change,
    context,
    open_cookie,
    open_pair,
    prove,
    register,
    rows,
)
from tests.support.services.randomness import RecordedEntropy

OTHER = "theo@northwind.dev"


@dataclass
class Journey:
    """One user with a REST client and a browser, both in use."""

    services: Services
    pair: TokenPair
    cookie: str

    @property
    def credentials(self) -> dict[str, Callable[[], Awaitable[object]]]:
        sessions, tokens = self.services.sessions, self.services.tokens
        return {
            "access": lambda: sessions.authenticate_token(self.pair.access_token),
            "refresh": lambda: tokens.refresh(context(), self.pair.refresh_token),
            "cookie": lambda: sessions.authenticate_cookie(self.cookie),
        }

    async def dead(self) -> set[str]:
        outcomes = {name: await outcome_of(check) for name, check in self.credentials.items()}
        return {name for name, refused in outcomes.items() if refused}


async def outcome_of(check: Callable[[], Awaitable[object]]) -> bool:
    try:
        await check()
    except SessionEnded:
        return True
    return False


@pytest.fixture
async def journey(services: Services) -> Journey:
    await register(services)
    found = Journey(services, await open_pair(services), await open_cookie(services))
    await services.sessions.authenticate_token(found.pair.access_token)
    await services.sessions.authenticate_cookie(found.cookie)
    return found


async def test_signing_a_client_out_kills_its_tokens_and_nothing_else(
    services: Services, journey: Journey
) -> None:
    principal = await services.sessions.authenticate_token(journey.pair.access_token)
    await services.sessions.end(context(), principal)

    assert await journey.dead() == {"access", "refresh"}


async def test_signing_a_browser_out_kills_its_cookie_and_nothing_else(
    services: Services, journey: Journey
) -> None:
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    await services.sessions.end(context(), principal)

    assert await journey.dead() == {"cookie"}


async def test_signing_out_everywhere_kills_everything(services: Services, journey: Journey) -> None:
    principal = await services.sessions.authenticate_cookie(journey.cookie)

    assert await services.sessions.end_all(context(), principal) == 2
    assert await journey.dead() == {"access", "refresh", "cookie"}
    assert await services.sessions.count_active(principal.user_id) == 0


async def test_signing_out_everywhere_leaves_other_people_alone(services: Services, journey: Journey) -> None:
    await register(services, OTHER)
    theirs = await open_pair(services, OTHER)
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    await services.sessions.end_all(context(), principal)

    assert (await services.sessions.authenticate_token(theirs.access_token)).email == OTHER


async def test_a_sign_in_in_the_same_second_works(services: Services, journey: Journey) -> None:
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    await services.sessions.end_all(context(), principal)
    renewed = Journey(services, await open_pair(services), await open_cookie(services))

    assert await renewed.dead() == set()
    assert await journey.dead() == {"access", "refresh", "cookie"}


async def test_signing_out_is_audited_once(services: Services, journey: Journey) -> None:
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    await services.sessions.end(context(), principal)
    await services.sessions.end(context(), principal)

    [row] = await audited(services, "logout")
    assert (row.user_id, row.session_id) == (principal.user_id, principal.session_id)


async def test_signing_out_everywhere_is_audited_with_the_number(
    services: Services, journey: Journey
) -> None:
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    await services.sessions.end_all(context(), principal)

    [row] = await audited(services, "logout_all")
    assert row.details == {"revoked": 2}


async def test_sessions_that_ended_before_are_not_counted(
    services: Services, journey: Journey, clock: FakeClock
) -> None:
    clock.advance(86_400)
    principal = await services.sessions.authenticate_cookie(await open_cookie(services))

    assert await services.sessions.end_all(context(), principal) == 1


@pytest.mark.parametrize("values", [{"status": "locked"}, {"session_epoch": 1}])
async def test_a_locked_account_is_out_once_the_copies_have_run_out(
    services: Services, journey: Journey, redis_window: RedisWindow, values: dict[str, object]
) -> None:
    await change(services, USERS, **values)
    assert all(left <= COPY_TTL * 1000 for key, left in redis_window.lifetimes().items() if "session:" in key)
    redis_window.forget("session:*")

    assert await journey.dead() == {"access", "refresh", "cookie"}


async def test_a_copy_made_just_before_cannot_come_back(services: Services, journey: Journey) -> None:
    """A reader loads the session, then it is revoked with a tombstone, then the reader stores its copy."""
    cache = SessionCache(services.redis, 3600, Keyring(services.settings.master_secrets, "session copies"))
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    before = await cache.look_up(principal.session_id.hex, principal.user_id.hex, None)
    assert isinstance(before.record, SessionRecord)
    assert before.run
    await services.sessions.end(context(), principal)

    await cache.remember(before.record, before.run, before.record.signed_in_at)

    assert await journey.dead() == {"cookie"}


@pytest.mark.parametrize("everywhere", [True, False])
async def test_no_check_that_starts_after_a_sign_out_succeeds(
    services: Services, journey: Journey, redis_window: RedisWindow, everywhere: bool
) -> None:
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    redis_window.forget("session:*")  # so that the racers load and store copies
    end = services.sessions.end_all if everywhere else services.sessions.end
    racers = [outcome_of(journey.credentials["cookie"]) for _ in range(20)]
    await asyncio.gather(*racers[:10], end(context(), principal), *racers[10:])

    assert "cookie" in await journey.dead()


async def test_twenty_racers_sign_out_everywhere_without_harm(services: Services, journey: Journey) -> None:
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    counts = await asyncio.gather(*(services.sessions.end_all(context(), principal) for _ in range(20)))

    assert set(counts) <= {0, 2}
    assert 2 in counts
    assert await journey.dead() == {"access", "refresh", "cookie"}


async def test_a_session_opened_while_signing_out_everywhere_is_never_half_alive(
    services: Services, journey: Journey
) -> None:
    principal = await services.sessions.authenticate_cookie(journey.cookie)
    grant = await prove(services)
    opened, _ = await asyncio.gather(
        services.sessions.open_for_browser(context(), grant),
        services.sessions.end_all(context(), principal),
        return_exceptions=True,
    )

    if not isinstance(opened, BaseException):
        cookie = opened.cookie
        assert await outcome_of(lambda: services.sessions.authenticate_cookie(cookie))
    assert isinstance(opened, DomainError) or len(await rows(services, SESSIONS)) == 3


async def test_a_cookie_is_told_why_its_session_is_over(services: Services) -> None:
    await register(services)
    cookies = [await open_cookie(services) for _ in range(4)]
    why = services.sessions.why_ended
    viewers = [await services.sessions.authenticate_cookie(cookie) for cookie in cookies]
    assert await why(cookies[0]) == ""
    await services.sessions.end(context(), viewers[0])
    assert await why(cookies[0]) == "session_ended"
    await services.sessions.end_all(context(), viewers[1])
    assert (await why(cookies[1]), await why(cookies[2])) == ("logout_all", "logout_all")
    assert await why(cookies[0]) == "session_ended"

    cookie = await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)
    await services.deletion.delete(context(), principal, EMAIL)
    assert await why(cookie) == "account_deleted"
    assert await why("x" * 86) == ""
    assert await why("") == ""


async def test_nobody_learns_from_a_forged_cookie_how_a_session_ended(
    services: Services, randomness: RecordedEntropy
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)
    await services.sessions.end_all(context(), principal)
    forged, _ = new_cookie(principal.user_id, principal.session_id, randomness)
    assert await services.sessions.why_ended(forged) == "session_ended"
