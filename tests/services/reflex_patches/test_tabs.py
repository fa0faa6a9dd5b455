"""Which tab is connected to which worker, as recorded in Redis (reflex_patches/tabs.py)."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from autograph_web.reflex_patches.tabs import SteadyTabs

Tabs = Callable[[], SteadyTabs]


@pytest.fixture
async def worker(redis_url: str) -> AsyncGenerator[Tabs]:
    """Creates the records of one worker after the other."""
    async with AsyncExitStack() as stack:

        def make() -> SteadyTabs:
            redis: Redis = Redis.from_url(redis_url)  # pyright: ignore[reportUnknownMemberType]
            stack.push_async_callback(redis.aclose)
            tabs = SteadyTabs(redis)
            stack.push_async_callback(tabs.close)
            return tabs

        yield make


async def test_a_tab_that_is_open_twice_gets_another_name(worker: Tabs) -> None:
    tabs, tab = worker(), str(uuid4())
    assert await tabs.link_token_to_sid(tab, "first") is None
    assert await tabs.link_token_to_sid(tab, "second") is not None


async def test_a_tab_that_was_closed_while_redis_was_away_comes_back_as_itself(worker: Tabs) -> None:
    tabs, tab = worker(), str(uuid4())
    await tabs.link_token_to_sid(tab, "first")
    plain, tabs.redis = tabs.redis, Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0))
    await tabs.disconnect_token(tab, "first")
    tabs.redis = plain
    assert not await tabs.is_taken(tab)
    assert await tabs.link_token_to_sid(tab, "second") is None
    assert await tabs.is_taken(tab)
    assert await tabs.link_token_to_sid(tab, "third") is not None


async def test_a_tab_of_a_worker_that_died_comes_back_as_itself(worker: Tabs) -> None:
    tab = str(uuid4())
    await worker().link_token_to_sid(tab, "first")
    other = worker()
    assert not await other.is_taken(tab)
    assert await other.link_token_to_sid(tab, "second") is None
