"""Redis behind Sentinel: the master is lost, and the product continues on its successor."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.commands.common import refuse_redis
from autograph_web.container import Services, build_services
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.errors import TicketExpired
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.infra.redis.embedded import server_program
from autograph_web.infra.startup_error import StartupError
from autograph_web.lifespan import opened
from autograph_web.settings import Settings
from tests.support.servers.ports import free_port
from tests.support.servers.sentinel import WatchedRedis
from tests.support.services.factories import context, open_cookie, open_pair, prove, register

pytestmark = pytest.mark.slow  # programs are started

_HIGHEST_PORT = 55_535  # a node of a cluster listens 10,000 above as well
RECOVERY_S = 5
"""The documented limit for recovery after a promotion."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: it is not what fails here."""
    return sqlite_url


@pytest.fixture
async def services(settings: Settings, watched_redis: WatchedRedis) -> AsyncGenerator[Services]:
    """Services with real time, so that the pause after a failure ends by itself."""
    async with opened(build_services(settings.model_copy(update={"redis_url": watched_redis.url}))) as built:
        yield built


async def recovered(services: Services) -> None:
    """Wait until Redis is used again, no longer than documented."""
    async with asyncio.timeout(RECOVERY_S):
        while not await services.redis_answers():  # noqa: ASYNC110  (the event is elsewhere)
            await asyncio.sleep(0.05)


async def test_losing_the_master_signs_nobody_out_and_revives_nobody(
    services: Services, watched_redis: WatchedRedis
) -> None:
    await register(services)
    stays, ends = await open_cookie(services), await open_pair(services)
    principal = await services.sessions.authenticate_token(ends.access_token)
    await services.sessions.authenticate_cookie(stays)
    await services.sessions.end(context(), principal)
    await watched_redis.lose_the_master()

    assert await services.sessions.authenticate_cookie(stays), "the database knows, whatever Redis does"
    await recovered(services)
    assert await services.sessions.authenticate_cookie(stays)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(ends.access_token)
    ticket = await services.login_tickets.issue(await prove(services))
    assert await services.login_tickets.redeem(ticket)
    with pytest.raises(TicketExpired):
        await services.login_tickets.redeem(ticket)


async def test_a_server_that_is_master_again_revives_nothing_from_its_first_time(
    services: Services, watched_redis: WatchedRedis
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)
    await watched_redis.change_the_master()
    await recovered(services)
    await services.sessions.end(context(), principal)
    await watched_redis.lose_the_master()
    await recovered(services)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


async def test_what_is_published_arrives_again_after_the_master_was_lost(
    services: Services, watched_redis: WatchedRedis
) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen() -> None:
        async for message in services.redis.listen("news"):
            heard.put_nowait(message)

    listening = asyncio.create_task(listen())
    await watched_redis.lose_the_master()
    await recovered(services)
    async with asyncio.timeout(RECOVERY_S):
        while heard.empty():
            await services.redis.publish("news", "still here")
            await asyncio.sleep(0.05)
    listening.cancel()
    assert await heard.get() == b"still here"


async def test_a_master_that_only_the_sentinel_still_believes_in_is_not_used(
    watched_redis: WatchedRedis,
) -> None:
    watched_redis.demote_behind_the_sentinels_back()
    redis = RedisClient(watched_redis.url, SystemClock())
    with pytest.raises(RedisDown):
        await redis.ping()
    await redis.close()


@pytest.fixture
def cluster_url(tmp_path: Path) -> Generator[str]:
    """A Redis that runs as a node of a cluster."""
    port = next(port for port in iter(free_port, 0) if port < _HIGHEST_PORT)
    place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", ""]
    node = subprocess.Popen(
        [server_program(), "--cluster-enabled", "yes", *place],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert node.stdout
    while b"Ready to accept" not in (line := node.stdout.readline()):
        assert line, "the node ended"
    yield f"redis://127.0.0.1:{port}"
    node.kill()
    node.communicate()


def test_a_node_of_a_cluster_is_refused_at_the_start_in_one_sentence(cluster_url: str) -> None:
    with pytest.raises(StartupError, match="REDIS_URL: Redis Cluster is not supported"):
        refuse_redis(cluster_url)


def test_a_redis_that_is_away_does_not_hinder_a_start() -> None:
    refuse_redis(f"redis://127.0.0.1:{free_port()}")
