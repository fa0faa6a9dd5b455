"""The Redis that we start ourselves, with each server that a package provides (docs/decisions/0031)."""

import asyncio
import os
import signal
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis import Redis

from autograph_web import migrate
from autograph_web.accounts.errors import SessionEnded
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services, build_services
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from autograph_web.infra.redis.embedded import EmbeddedRedis, packaged_servers, server_program
from autograph_web.infra.startup_error import StartupError
from autograph_web.lifespan import opened
from tests.support.services.clock import FakeClock
from tests.support.services.factories import context, make_settings, open_pair, prove, register

pytestmark = pytest.mark.slow  # programs are started

PROGRAMS = list(packaged_servers()) or [server_program()]
BOTH = len(PROGRAMS) == 2
OLD, NEW = PROGRAMS[0], PROGRAMS[-1]

needs_both = pytest.mark.skipif(not BOTH, reason="only one of the two servers has a wheel here")


@pytest.fixture(params=PROGRAMS, ids=lambda program: Path(program).parents[1].name)
def program(request: pytest.FixtureRequest) -> str:
    """A redis-server; the test runs once with each."""
    return request.param


def asked(redis: EmbeddedRedis) -> Any:
    """A client."""
    return Redis.from_url(redis.url, decode_responses=True)  # pyright: ignore[reportUnknownMemberType]


def major(redis: EmbeddedRedis) -> int:
    with asked(redis) as client:
        return int(client.info("server")["redis_version"].partition(".")[0])


@asynccontextmanager
async def product(data: Path, redis: EmbeddedRedis, clock: FakeClock) -> AsyncGenerator[Services]:
    """The product's services on this Redis and the database of this data folder."""
    settings = make_settings(data, redis_url=redis.url)
    await asyncio.to_thread(migrate.upgrade, settings.sqlalchemy_url)
    async with opened(build_services(settings, clock)) as services:
        yield services


def test_it_takes_no_more_memory_than_it_may_and_drops_nothing(program: str, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, program) as redis, asked(redis) as client:
        assert client.config_get("maxmemory") == {"maxmemory": str(256 * 1024 * 1024)}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_what_was_written_is_there_after_a_stop_and_after_a_kill(program: str, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, program) as redis, asked(redis) as client:
        client.set("stopped", "kept", ex=600)
    redis = EmbeddedRedis(tmp_path, program).start()
    with asked(redis) as client:
        assert client.get("stopped") == "kept"
        client.set("killed", "kept as well", ex=600)
        process = psutil.Process(client.info("server")["process_id"])
        os.kill(process.pid, signal.SIGKILL)
    process.wait(5)
    redis.stop()
    with EmbeddedRedis(tmp_path, program) as redis, asked(redis) as client:
        assert (client.get("stopped"), client.get("killed")) == ("kept", "kept as well")
        assert 0 < client.ttl("killed") <= 600


def test_only_its_own_user_can_connect(program: str, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "data", program) as redis, asked(redis) as client:
        place = Path(redis.url.removeprefix("unix://"))
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert not stat.S_IMODE(place.stat().st_mode) & 0o077
        assert client.config_get("port") == {"port": "0"}


def test_a_second_process_uses_the_running_server_and_leaves_it_running(program: str, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, program) as first, asked(first) as client:
        with EmbeddedRedis(tmp_path, program) as second:
            assert second.url == first.url
            assert major(second) == major(first)
        assert client.ping()


def test_a_long_path_gets_a_socket_elsewhere(program: str, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    with EmbeddedRedis(deep, program) as first, EmbeddedRedis(deep, program) as second:
        assert len(os.fsencode(first.url.removeprefix("unix://"))) <= 100
        assert second.url == first.url
        folder = Path(first.url.removeprefix("unix://")).parent
    assert not folder.exists()


async def test_the_product_signs_in_checks_limits_and_ends_with_it(
    program: str, tmp_path: Path, clock: FakeClock
) -> None:
    with EmbeddedRedis(tmp_path, program) as redis:
        async with product(tmp_path, redis, clock) as services:
            await register(services)
            pair = await services.tokens.refresh(context(), (await open_pair(services)).refresh_token)
            principal = await services.sessions.authenticate_token(pair.access_token)
            await services.sessions.end(context(), principal)
            with pytest.raises(SessionEnded):
                await services.sessions.authenticate_token(pair.access_token)
            wrong = [prove(services, password=f"wrong {number}") for number in range(40)]
            outcomes = await asyncio.gather(*wrong, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {InvalidCredentials, RateLimitExceeded}


@needs_both
async def test_a_data_folder_of_the_older_server_is_taken_over_by_the_newer(
    tmp_path: Path, clock: FakeClock
) -> None:
    with EmbeddedRedis(tmp_path, OLD) as redis, asked(redis) as client:
        before = major(redis)
        async with product(tmp_path, redis, clock) as services:
            await register(services)
            token = (await open_pair(services)).refresh_token
        client.set("limit", "3", ex=600)
        client.zadd("tries", {"first": 1.5})
        written = set(client.keys())
    with EmbeddedRedis(tmp_path, NEW) as redis, asked(redis) as client:
        assert major(redis) > before
        assert set(client.keys()) == written
        assert (client.get("limit"), client.zscore("tries", "first")) == ("3", 1.5)
        assert 0 < client.ttl("limit") <= 600
        async with product(tmp_path, redis, clock) as services:
            pair = await services.tokens.refresh(context(), token)
            await services.sessions.authenticate_token(pair.access_token)


@needs_both
async def test_the_older_server_starts_empty_after_the_newer_and_sessions_go_on(
    tmp_path: Path, clock: FakeClock
) -> None:
    with EmbeddedRedis(tmp_path, NEW) as redis, asked(redis) as client:
        async with product(tmp_path, redis, clock) as services:
            await register(services)
            token = (await open_pair(services)).refresh_token
        client.set("ticket", "unused")
    with EmbeddedRedis(tmp_path, OLD) as redis, asked(redis) as client:
        assert client.keys() == []
        async with product(tmp_path, redis, clock) as services:
            pair = await services.tokens.refresh(context(), token)
            await services.sessions.authenticate_token(pair.access_token)
        client.set("since", "then")
    with EmbeddedRedis(tmp_path, NEW) as redis, asked(redis) as client:
        assert (client.get("ticket"), client.get("since")) == (None, "then")


def test_a_server_that_cannot_start_says_where_its_log_is(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"redis\.log"):
        EmbeddedRedis(tmp_path, "/bin/false").start()
