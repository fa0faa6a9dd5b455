"""Redis flushed, killed or unavailable: the database is authoritative."""

import time

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited, Unavailable
from autograph_web.infra.flash import Flash
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.sessions.errors import TokenReused
from autograph_web.sessions.store import SESSIONS
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.dependencies import RedisPart
from tests.support.servers.inspection import RedisWindow, flush, kill
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    WRONG,
    audited,
    context,
    how_many,
    open_cookie,
    open_pair,
    prove,
    register,
    rows,
)
from tests.support.services.health import parts


@pytest.fixture
async def services(settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices) -> Services:
    """Services with a Redis of their own."""
    return await open_services(settings.model_copy(update={"redis_url": own_redis.url}))


async def test_a_flush_signs_nobody_out(services: Services, own_redis: EmbeddedRedis) -> None:
    await register(services)
    pair, cookie = await open_pair(services), await open_cookie(services)
    await services.sessions.authenticate_cookie(cookie)
    flush(own_redis)

    assert await services.sessions.authenticate_cookie(cookie)
    assert await services.sessions.authenticate_token(pair.access_token)


async def test_a_flush_revives_nothing(services: Services, own_redis: EmbeddedRedis) -> None:
    await register(services)
    pair, cookie = await open_pair(services), await open_cookie(services)
    principal = await services.sessions.authenticate_token(pair.access_token)
    await services.sessions.end(context(), principal)
    flush(own_redis)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(pair.access_token)
    assert await services.sessions.authenticate_cookie(cookie)


async def test_a_flush_after_signing_out_everywhere_revives_nothing(
    services: Services, own_redis: EmbeddedRedis
) -> None:
    await register(services)
    pair, cookie = await open_pair(services), await open_cookie(services)
    await services.sessions.end_all(context(), await services.sessions.authenticate_cookie(cookie))
    flush(own_redis)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(pair.access_token)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


async def test_a_kill_and_restart_signs_nobody_out(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    await services.sessions.authenticate_cookie(cookie)
    kill(own_redis)
    own_redis.start()
    clock.advance(2)

    assert await services.sessions.authenticate_cookie(cookie)


@pytest.mark.parametrize("everywhere", [True, False])
async def test_what_was_revoked_while_redis_was_dead_is_not_in_what_it_restores(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock, everywhere: bool
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)
    kill(own_redis)
    end = services.sessions.end_all if everywhere else services.sessions.end
    with pytest.raises(Unavailable):
        await end(context(), principal)
    own_redis.start()
    clock.advance(2)

    window = RedisWindow(own_redis.url)
    assert window.keys("session:*"), "the copy of before must have survived, or this shows nothing"
    window.client.close()
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


async def test_without_redis_the_database_answers(services: Services, own_redis: EmbeddedRedis) -> None:
    await register(services)
    pair, cookie = await open_pair(services), await open_cookie(services)
    await services.sessions.authenticate_cookie(cookie)
    own_redis.stop()

    assert await services.sessions.authenticate_cookie(cookie)
    assert await services.sessions.authenticate_token(pair.access_token)


async def test_a_sign_out_without_redis_is_unavailable_yet_revoked(
    services: Services, own_redis: EmbeddedRedis
) -> None:
    await register(services)
    pair = await open_pair(services)
    principal = await services.sessions.authenticate_token(pair.access_token)
    own_redis.stop()

    with pytest.raises(Unavailable) as refusal:
        await services.sessions.end(context(), principal)

    assert refusal.value.retry_after == 1
    assert (await rows(services, SESSIONS))[0].revoked_reason == "logout"
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(pair.access_token)
    with pytest.raises(SessionEnded):
        await services.tokens.refresh(context(), pair.refresh_token)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.slow
async def test_a_sign_out_that_redis_was_too_slow_for_is_finished_by_the_next_try(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)
    with RedisPart(own_redis).frozen(), pytest.raises(Unavailable):
        await services.sessions.end(context(), principal)
    clock.advance(2)
    await services.sessions.end(context(), principal)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


async def test_refreshing_works_without_redis(services: Services, own_redis: EmbeddedRedis) -> None:
    await register(services)
    pair = await open_pair(services)
    own_redis.stop()

    new = await services.tokens.refresh(context(), pair.refresh_token)
    assert await services.sessions.authenticate_token(new.access_token)


async def test_a_copied_refresh_token_is_told_even_without_redis(
    services: Services, own_redis: EmbeddedRedis, mailbox: Mailbox, clock: FakeClock
) -> None:
    await register(services)
    pair = await open_pair(services)
    new = await services.tokens.refresh(context(), pair.refresh_token)
    own_redis.stop()

    with pytest.raises(Unavailable):
        await services.tokens.refresh(context("192.0.2.66"), pair.refresh_token)

    assert len(mailbox.letters) == len(await audited(services, "token_reuse_detected")) == 1
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(new.access_token)
    own_redis.start()
    clock.advance(2)
    with pytest.raises(TokenReused):
        await services.tokens.refresh(context(), pair.refresh_token)
    assert len(mailbox.letters) == 1


async def test_without_redis_a_stricter_limit_holds(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    await register(services)
    own_redis.stop()
    for _ in range(2):
        with pytest.raises(InvalidCredentials):
            await prove(services, password=WRONG)

    for _ in range(20):
        with pytest.raises(RateLimited):
            await prove(services)
    clock.advance(15 * 60)
    assert await prove(services)


async def test_without_redis_an_account_is_guarded_across_addresses(
    services: Services, own_redis: EmbeddedRedis
) -> None:
    await register(services)
    own_redis.stop()
    refusals: list[type[BaseException]] = []
    for number in range(10):
        with pytest.raises((InvalidCredentials, RateLimited)) as refusal:
            await prove(services, password=WRONG, ip=f"192.0.2.{number}")
        refusals.append(refusal.type)

    assert refusals.count(InvalidCredentials) == 2


async def test_without_redis_no_ticket_is_promised(services: Services, own_redis: EmbeddedRedis) -> None:
    await register(services)
    grant = await prove(services)
    ticket = await services.login_tickets.issue(grant)
    own_redis.stop()
    with pytest.raises(Unavailable):
        await services.login_tickets.issue(grant)
    with pytest.raises(Unavailable):
        await services.login_tickets.redeem(ticket)
    assert await how_many(services, SESSIONS) == 0


async def test_without_redis_a_redirect_merely_says_nothing(
    services: Services, own_redis: EmbeddedRedis
) -> None:
    own_redis.stop()

    assert await services.flash.put(Flash("signed_out")) is None
    assert await services.flash.pop("A" * 24) is None


async def test_an_outage_is_noticed_at_once_and_retried_after_a_second(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    own_redis.stop()
    assert await parts(services) == {"database": True, "redis": False, "schema": True}
    own_redis.start()
    began = time.perf_counter()
    assert not (await parts(services))["redis"]
    assert time.perf_counter() - began < 0.5
    clock.advance(1)

    assert (await parts(services))["redis"]
