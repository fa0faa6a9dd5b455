"""What an open tab and a closed one leave in Redis."""

import asyncio
from collections.abc import Callable, Generator
from typing import Any, cast
from uuid import uuid4

import pytest
from redis import Redis

from autograph_web.http.browsers import tab_name
from autograph_web.infra.ratelimit.bounds import GONE_TAB_S
from tests.journeys.forged_socket import BROWSER, DASHBOARD, forged
from tests.journeys.person import Person
from tests.journeys.test_forged_events import cookie_of
from tests.support.servers.live_server import LiveServer


@pytest.fixture
def redis(brittle_server: LiveServer) -> Generator[Any]:
    window: Any = cast(Any, Redis)(
        unix_socket_path=str(brittle_server.data_dir.resolve() / "redis" / "redis.sock")
    )
    yield window
    window.close()


def name_of(tab: str) -> str:
    return tab_name({"autograph.browser": BROWSER}, tab)


def lives(redis: Any, tab: str) -> list[int]:
    return [redis.ttl(key) for key in redis.keys(f"{name_of(tab)}_reflex*")]


async def seen(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110  (the event is in another process)
            await asyncio.sleep(0.02)


async def test_a_visit_leaves_little_and_for_minutes(brittle_server: LiveServer, redis: Any) -> None:
    tab = str(uuid4())
    filler = {"X-Filler": "filler" * 500, "User-Agent": "agent" * 500, "Accept-Language": "filler" * 100}
    async with forged(brittle_server.base_url, token=tab, headers=filler) as socket:
        await socket.hydrate("/login")
        await seen(lambda: bool(lives(redis, tab)))
        assert min(lives(redis, tab)) > GONE_TAB_S
    await seen(lambda: max(lives(redis, tab)) <= GONE_TAB_S)

    kept = [redis.get(key) for key in redis.keys(f"{name_of(tab)}_reflex*")]
    assert len(kept) <= 3
    assert sum(map(len, kept)) < 4000
    assert b"filler" not in b"".join(kept)


async def test_a_tab_that_comes_back_keeps_all_it_has(brittle_server: LiveServer, redis: Any) -> None:
    tab = str(uuid4())
    async with forged(brittle_server.base_url, token=tab) as socket:
        await socket.hydrate("/register")
    await seen(lambda: 0 < max(lives(redis, tab), default=0) <= GONE_TAB_S)
    before = len(lives(redis, tab))
    async with forged(brittle_server.base_url, token=tab) as socket:
        await seen(lambda: min(lives(redis, tab)) > GONE_TAB_S)
        assert len(lives(redis, tab)) == before
        await socket.settle()


async def test_where_somebody_is_signed_in_a_tab_waits_as_long_as_ever(
    brittle_server: LiveServer, redis: Any, person: Person
) -> None:
    person.join(brittle_server)
    tab = str(uuid4())
    async with forged(brittle_server.base_url, token=tab, cookie=cookie_of(brittle_server, person)) as socket:
        await socket.hydrate("/dashboard")
        await socket.call(f"{DASHBOARD}.load")
        await socket.settle()
    await seen(lambda: not redis.exists(f"token_manager_socket_record_{name_of(tab)}"))
    assert min(lives(redis, tab)) > GONE_TAB_S
