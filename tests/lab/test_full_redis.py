"""A Redis out of memory: existing sessions keep working, new data waits, and it recovers by itself."""

import asyncio
from collections.abc import Generator
from contextlib import suppress
from typing import Any, cast

import pytest
from redis import Redis
from simple_websocket.errors import SimpleWebsocketError

from autograph_web.infra.redis.embedded import MOST_MEMORY
from tests.journeys.forged_socket import forged
from tests.support.browser.visitor import unique_address
from tests.support.clients.http import CREDENTIALS
from tests.support.servers.live_server import LiveServer, asks


@pytest.fixture
def redis(brittle_server: LiveServer) -> Generator[Any]:
    """The server's own Redis, whose usual memory limit is restored whatever happens."""
    socket = brittle_server.data_dir.resolve() / "redis" / "redis.sock"
    window: Any = cast(Any, Redis)(unix_socket_path=str(socket))
    yield window
    window.config_set("maxmemory", MOST_MEMORY)
    window.close()


def ask(server: LiveServer, method: str, path: str, **more: Any) -> Any:
    headers = {"X-Forwarded-For": unique_address(), **more.pop("headers", {})}
    return asks.request(method, server.base_url + path, headers=headers, timeout=15, **more)


async def test_without_memory_in_redis_the_server_goes_on(brittle_server: LiveServer, redis: Any) -> None:
    ask(brittle_server, "POST", "/register", json=CREDENTIALS)
    pair = ask(brittle_server, "POST", "/login", json=CREDENTIALS).json()
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    before = len(brittle_server.log)

    redis.config_set("maxmemory", "1")

    assert ask(brittle_server, "GET", "/health/live").status_code == 200
    assert ask(brittle_server, "GET", "/health/ready").status_code == 503
    assert ask(brittle_server, "GET", "/login", headers={"Accept": "text/html"}).status_code == 200
    assert ask(brittle_server, "GET", "/me", headers=bearer).status_code == 200
    assert ask(brittle_server, "POST", "/login", json=CREDENTIALS).status_code in (200, 429, 503)
    with suppress(SimpleWebsocketError, TimeoutError):
        async with asyncio.timeout(4), forged(brittle_server.base_url) as socket:
            await socket.hydrate("/login")

    redis.config_set("maxmemory", MOST_MEMORY)

    async with asyncio.timeout(10):
        while not brittle_server.is_ready():  # noqa: ASYNC110  (the event is in another process)
            await asyncio.sleep(0.1)
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/login")
    assert ask(brittle_server, "POST", "/login", json=CREDENTIALS).status_code == 200
    assert "Traceback" not in brittle_server.log[before:]
