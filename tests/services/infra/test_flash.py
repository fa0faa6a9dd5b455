"""The message shown on the page after a redirect: read once."""

import asyncio

import pytest

from autograph_web.container import Services
from autograph_web.infra.flash import Flash

FLASH = Flash("rate_limited", "email", 12, ("One reason.",), {"email": "mina@northwind.dev"})


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what is tested here happens in Redis."""
    return sqlite_url


async def test_a_flash_is_read_once(services: Services) -> None:
    left = await services.flash.put(FLASH)

    assert await services.flash.pop(left) == FLASH
    assert await services.flash.pop(left) is None


async def test_of_twenty_racers_one_reads_the_flash(services: Services) -> None:
    left = await services.flash.put(FLASH)
    found = await asyncio.gather(*(services.flash.pop(left) for _ in range(20)))

    assert found.count(FLASH) == 1
    assert found.count(None) == 19


@pytest.mark.parametrize("made_up", [None, "", "x", "A" * 24, "A" * 5000])
async def test_a_made_up_flash_says_nothing(services: Services, made_up: str | None) -> None:
    assert await services.flash.pop(made_up) is None
