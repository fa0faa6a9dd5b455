"""GET /metrics while a dependency of the server is unavailable."""

import pytest
from httpx import AsyncClient

from autograph_web.infra.redis.embedded import EmbeddedRedis
from tests.support.metrics.scraping import Scrape, grown, value
from tests.support.services.factories import EMAIL, WRONG


@pytest.fixture
def redis_url(own_redis: EmbeddedRedis) -> str:
    """The address of a Redis that a test may stop."""
    return own_redis.url


async def test_without_redis_refusals_are_counted_as_well(
    own_redis: EmbeddedRedis, api: AsyncClient, scrape: Scrape
) -> None:
    own_redis.stop()

    async def guess() -> None:
        for _ in range(4):
            await api.post("/login", json={"email": EMAIL, "password": WRONG})

    assert await grown(scrape, guess(), "autograph_limit_refusals_total", limit="login") > 0


async def test_what_is_down_is_told_and_the_rest_as_well(own_redis: EmbeddedRedis, scrape: Scrape) -> None:
    figures = await scrape()
    assert {part: value(figures, "autograph_up", part=part) for part in ("database", "redis", "schema")} == {
        "database": 1,
        "redis": 1,
        "schema": 1,
    }
    own_redis.stop()
    figures = await scrape()
    assert value(figures, "autograph_up", part="redis") == 0
    assert value(figures, "autograph_up", part="database") == 1
    assert ("autograph_outbox_oldest_seconds", frozenset()) in figures
