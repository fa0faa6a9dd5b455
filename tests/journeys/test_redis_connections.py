"""Many open pages share few connections to Redis, and return them."""

import asyncio
from collections.abc import Generator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from autograph_web.infra.redis.embedded import EmbeddedRedis
from tests.journeys.forged_socket import forged
from tests.support.servers.live_server import LiveServer

_MOST = 40


@pytest.fixture
def redis(tmp_path: Path) -> Generator[EmbeddedRedis]:
    """A Redis that accepts only as many clients as two workers may open, and the test's own."""
    with EmbeddedRedis(tmp_path / "own") as server:
        window = _window(server)
        window.config_set("maxclients", _MOST + 1)
        window.close()
        yield server


def _window(server: EmbeddedRedis) -> Any:
    return cast(Any, Redis).from_url(server.url)


async def test_sixty_pages_open_no_more_connections_than_the_documented(
    redis: EmbeddedRedis, tmp_path: Path
) -> None:
    window = _window(redis)
    with LiveServer(tmp_path, REDIS_URL=redis.url, AUTOGRAPH_WORKERS="2") as server:
        async with AsyncExitStack() as stack:
            for _ in range(3):
                pages = [stack.enter_async_context(forged(server.base_url)) for _ in range(20)]
                sockets = await asyncio.gather(*pages)
                await asyncio.gather(*(socket.hydrate("/login") for socket in sockets))
            assert len(window.client_list()) <= _MOST + 1
            # A later client is served as well.
            late = await stack.enter_async_context(forged(server.base_url))
            await late.hydrate("/login")
            assert server.is_ready()
    window.close()
