"""PostgreSQL with a standby: the primary is lost, and the product continues on its successor."""

import asyncio

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.infra.errors import Unavailable
from autograph_web.settings import Settings
from tests.support.servers.postgres_pair import PostgresPair
from tests.support.services.factories import (
    context,
    make_settings,
    open_cookie,
    open_pair,
    prove,
    register,
)
from tests.support.services.health import parts

RECOVERY_S = 10


@pytest.fixture
def settings(
    tmp_path_factory: pytest.TempPathFactory, redis_url: str, postgres_pair: PostgresPair
) -> Settings:
    """Settings that name both servers."""
    folder = tmp_path_factory.mktemp("data")
    return make_settings(folder, database_url=postgres_pair.url, redis_url=redis_url)


async def recovered(services: Services) -> None:
    """Wait until the database answers."""
    async with asyncio.timeout(RECOVERY_S):
        while not (await parts(services))["database"]:  # noqa: ASYNC110  (the event is elsewhere)
            await asyncio.sleep(0.05)


async def test_losing_the_primary_loses_nothing_that_was_acknowledged(
    services: Services, postgres_pair: PostgresPair
) -> None:
    await register(services)
    stays, ends = await open_cookie(services), await open_pair(services)
    await services.sessions.end(context(), await services.sessions.authenticate_token(ends.access_token))
    await asyncio.to_thread(postgres_pair.lose_the_primary)
    await recovered(services)

    assert await prove(services)
    assert await services.sessions.authenticate_cookie(stays)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(ends.access_token)
    await register(services, "theo@northwind.dev")


async def test_a_primary_that_turned_read_only_is_left_at_its_first_refusal(
    services: Services, postgres_pair: PostgresPair
) -> None:
    await register(services)
    await asyncio.gather(*(services.health.look() for _ in range(5)))
    await asyncio.to_thread(postgres_pair.turn_the_primary_read_only)

    with pytest.raises(Unavailable):
        await register(services, "theo@northwind.dev")
    await register(services, "theo@northwind.dev")
    assert await prove(services, "theo@northwind.dev")
