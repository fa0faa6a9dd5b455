"""Redis that accepts commands but does not answer, and Redis with more commands than connections."""

import asyncio
import time

import pytest

from autograph_web.container import Services
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.settings import Settings
from tests.support.servers.dependencies import RedisPart
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import open_cookie, open_pair, prove, register
from tests.support.services.health import parts

pytestmark = pytest.mark.slow  # real seconds pass


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what is tested here happens in Redis."""
    return sqlite_url


@pytest.fixture
async def services(settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices) -> Services:
    """Services with a Redis of their own."""
    return await open_services(settings.model_copy(update={"redis_url": own_redis.url}))


async def test_only_the_first_waits_for_a_redis_that_says_nothing(
    services: Services, own_redis: EmbeddedRedis
) -> None:
    began = time.perf_counter()
    with RedisPart(own_redis).frozen():
        for _ in range(50):
            with pytest.raises(RedisDown):
                await services.redis.ping()

    # A second for the first, none for the others: a timeout each time would take at least fifty.
    assert time.perf_counter() - began < 25


async def test_only_one_at_a_time_finds_out_whether_it_answers_again(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    with RedisPart(own_redis).frozen():
        with pytest.raises(RedisDown):
            await services.redis.ping()
        clock.advance(1)
        trying = asyncio.create_task(services.redis.ping())
        await asyncio.sleep(0)
        others = await asyncio.gather(*(services.redis.ping() for _ in range(20)), return_exceptions=True)
        assert not trying.done()
        with pytest.raises(RedisDown):
            await trying
    assert [type(one) for one in others] == [RedisDown] * 20
    clock.advance(1)
    await services.redis.ping()


async def test_a_command_without_an_answer_is_not_given_twice(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    await register(services)
    grant = await prove(services)
    ticket = await services.login_tickets.issue(grant)
    window = RedisWindow(own_redis.url)
    with window.counting() as commands:
        with RedisPart(own_redis).frozen(), pytest.raises(RedisDown):
            await services.redis.take("handoff:none")
        clock.advance(1)
        assert await services.login_tickets.redeem(ticket) == grant
    window.client.close()

    assert commands["getdel"] <= 2  # the one that was never answered, if it arrived, and the claim


async def test_sessions_are_checked_all_the_while(services: Services, own_redis: EmbeddedRedis) -> None:
    await register(services)
    pair, cookie = await open_pair(services), await open_cookie(services)
    with RedisPart(own_redis).frozen():
        assert await services.sessions.authenticate_token(pair.access_token)
        assert await services.sessions.authenticate_cookie(cookie)
        assert await parts(services) == {"database": True, "redis": False, "schema": True}


async def test_more_commands_at_once_than_connections_are_no_outage(
    services: Services, clock: FakeClock
) -> None:
    # Few connections: opening sixty at once may take a slow machine one second, which counts as an outage.
    redis = RedisClient(services.settings.redis_url, clock, commands=4)
    outcomes = await asyncio.gather(
        *(redis.put(f"crowd:{number}", number, 60) for number in range(500)), return_exceptions=True
    )
    await redis.close()

    assert outcomes == [True] * 500


async def test_an_answer_to_anybody_ends_the_wait_of_all(
    services: Services, own_redis: EmbeddedRedis
) -> None:
    with RedisPart(own_redis).frozen(), pytest.raises(RedisDown):
        await services.redis.ping()
    with pytest.raises(RedisDown):  # the clock does not move, so the second is not over
        await services.redis.ping()
    services.redis.note_answer()
    await services.redis.ping()


async def test_what_was_put_there_by_another_worker_is_fetched_at_once(
    services: Services, own_redis: EmbeddedRedis, open_services: OpenServices
) -> None:
    other = await open_services(services.settings)
    await register(other)
    with RedisPart(own_redis).frozen(), pytest.raises(RedisDown):
        await services.redis.ping()
    grant = await prove(other)
    assert await services.login_tickets.redeem(await other.login_tickets.issue(grant)) == grant
