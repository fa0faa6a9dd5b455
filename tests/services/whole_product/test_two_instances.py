"""Two installations that share a host and a Redis server without affecting each other."""

import asyncio
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from autograph_web.container import Services
from autograph_web.http.cookies import full_name
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.randomness import SystemRandomness
from autograph_web.infra.redis.client import RedisClient
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.sessions.cookies import new_cookie
from tests.support.services.factories import make_settings


@pytest.mark.parametrize(
    ("base_url", "instance", "prefix", "cookie"),
    [
        ("http://localhost:3000", "", "localhost-3000:", "s_3000"),
        ("http://localhost:3001", "", "localhost-3001:", "s_3001"),
        ("http://localhost", "", "localhost:", "s"),
        ("https://id.northwind.dev", "", "id.northwind.dev:", "__Host-s"),
        ("https://id.northwind.dev:8443", "", "id.northwind.dev-8443:", "__Host-s_8443"),
        ("http://[::1]:3000", "", "..1-3000:", "s_3000"),
        ("https://id.northwind.dev", "blue", "blue:", "__Host-s"),
        ("http://localhost:3001", "off", "", "s"),
    ],
)
def test_an_installation_has_names_of_its_own(
    tmp_path: Path, base_url: str, instance: str, prefix: str, cookie: str
) -> None:
    redis = "redis://localhost:6379/0"
    settings = make_settings(tmp_path, base_url=base_url, instance=instance, redis_url=redis)
    assert (settings.redis_prefix, full_name(settings, "s")) == (prefix, cookie)


def test_a_command_finds_the_keys_of_the_embedded_redis_by_the_data_folder_alone(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        serving = make_settings(tmp_path, base_url="http://localhost:8080", instance="", redis_url=server.url)
        command = make_settings(tmp_path, instance="")
        assert (serving.redis_prefix, command.redis_prefix) == ("", "")
    other = make_settings(
        tmp_path / "other", base_url="http://localhost:8080", instance="", redis_url=server.url
    )
    assert other.redis_prefix == "localhost-8080:"


async def test_nothing_in_redis_is_shared(redis_url: str) -> None:
    blue, green = (RedisClient(redis_url, SystemClock(), prefix=f"{name}:") for name in ("blue", "green"))
    try:
        await blue.put("one", "1", 60)
        await blue.put_all(["two", "three"], "2", 60)
        assert await green.get_many(["one", "two"]) == [None, None]
        assert await green.take("one") is None
        await green.drop_unless(["two"], b"x")
        assert await blue.get_many(["one", "two", "three"]) == [b"1", b"2", b"2"]
        echo = blue.script("redis.call('SET', KEYS[1], ARGV[1]) return KEYS[1]")
        assert await blue.call(echo(keys=["four"], args=["4"])) == b"blue:four"

        heard = asyncio.create_task(anext(blue.listen("news")))
        while not heard.done():
            await green.publish("news", "of green")
            await blue.publish("news", "of blue")
            await asyncio.sleep(0.01)
        assert await heard == b"of blue"
        keys = await blue.call(cast(Any, blue.raw).keys("*"))
        assert all(key.startswith(b"blue:") for key in keys), keys
    finally:
        await blue.close()
        await green.close()


async def test_a_cookie_of_another_installation_speaks_of_no_deletion(services: Services) -> None:
    stranger, _ = new_cookie(uuid4(), uuid4(), SystemRandomness())

    assert await services.sessions.why_ended(stranger) == "session_ended"
