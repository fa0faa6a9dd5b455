"""How many connections to Redis a process opens, whatever it does with them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from autograph_web.infra.clock import SystemClock
from autograph_web.infra.redis.client import RedisClient
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.infra.redis.pool import SUBSCRIPTIONS, follower
from tests.support.servers.inspection import RedisWindow, kill

Follow = Callable[[int], Any]


@pytest.fixture
async def follow(redis_url: str) -> AsyncGenerator[Follow]:
    """Creates clients the way Reflex obtains them."""
    async with AsyncExitStack() as stack:

        def make(commands: int) -> Any:
            client = follower(redis_url, commands)
            stack.push_async_callback(client.aclose, close_connection_pool=True)
            return client

        yield make


@pytest.fixture
def full_redis(redis_window: RedisWindow) -> Generator[Callable[[int], None]]:
    """Limits the number of clients that Redis accepts, not counting this one."""
    before = redis_window.client.config_get("maxclients")["maxclients"]

    def take(clients: int) -> None:
        redis_window.client.config_set("maxclients", clients + 1)

    yield take
    redis_window.client.config_set("maxclients", before)


def _clients(window: RedisWindow) -> int:
    return len(window.client.client_list()) - 1


async def test_a_crowd_waits_for_the_connections_there_are(follow: Follow, redis_window: RedisWindow) -> None:
    client = follow(3)
    answers = await asyncio.gather(*(client.incr("crowd") for _ in range(300)))

    assert sorted(answers) == list(range(1, 301))
    assert _clients(redis_window) <= 3 + SUBSCRIPTIONS


async def test_subscriptions_leave_room_for_commands(follow: Follow, redis_window: RedisWindow) -> None:
    client = follow(1)
    async with AsyncExitStack() as stack:
        for number in range(SUBSCRIPTIONS):
            subscription = await stack.enter_async_context(client.pubsub())
            await subscription.subscribe(f"channel-{number}")
        assert await asyncio.gather(*(client.incr("one") for _ in range(20)))
        assert _clients(redis_window) == SUBSCRIPTIONS + 1
    # A connection that a subscription returned can be used by others.
    assert await client.incr("one") == 21


async def test_who_gives_up_waiting_takes_no_connection_along(follow: Follow) -> None:
    client = follow(1)
    for turns in range(60):
        crowd = [asyncio.create_task(client.incr("left")) for _ in range(8)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in crowd:
            task.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
    async with asyncio.timeout(5):
        assert await asyncio.gather(*(client.incr("stayed") for _ in range(20)))


async def test_a_server_that_takes_no_more_clients_is_no_outage(
    follow: Follow, redis_window: RedisWindow, full_redis: Callable[[int], None]
) -> None:
    client = follow(20)
    await client.incr("first")
    full_redis(_clients(redis_window) + 2)
    answers = await asyncio.gather(*(client.incr("crowd") for _ in range(200)))

    assert sorted(answers) == list(range(1, 201))


async def test_idle_connections_are_closed(follow: Follow, redis_window: RedisWindow) -> None:
    client = follow(12)
    client.connection_pool.sweep_seconds = 0.1
    await asyncio.gather(*(client.incr("crowd") for _ in range(100)))
    assert _clients(redis_window) > 6
    async with asyncio.timeout(5):
        while _clients(redis_window) > 1:
            await client.incr("alone")
            await asyncio.sleep(0.02)
    assert await asyncio.gather(*(client.incr("later") for _ in range(50)))


async def test_our_own_client_has_a_bound_as_well(redis_url: str, redis_window: RedisWindow) -> None:
    redis = RedisClient(redis_url, SystemClock(), commands=2)
    try:
        for number in range(100):
            await redis.put(f"key-{number}", 1, 60)
        values = await asyncio.gather(*(redis.get_many([f"key-{number}"]) for number in range(100)))
        assert values == [[b"1"]] * 100
        assert _clients(redis_window) <= 2 + SUBSCRIPTIONS
    finally:
        await redis.close()


async def test_a_server_that_is_gone_is_noticed_at_once(own_redis: EmbeddedRedis) -> None:
    client = follower(own_redis.url, 3)
    assert await client.incr("here") == 1
    client.connection_pool.wait_seconds = 600  # how long a command would wait for a free connection
    kill(own_redis)
    try:
        async with asyncio.timeout(60):
            with pytest.raises(RedisConnectionError):
                await client.incr("here")
    finally:
        await client.aclose(close_connection_pool=True)
