"""Nobody learns from the time an answer takes whether an account exists."""

import asyncio
from statistics import median
from time import perf_counter

import pytest
from httpx import AsyncClient

from tests.support.app import Connect
from tests.support.factories import EMAIL, WRONG
from tests.support.http import sign_up

_SAMPLES = 15


async def timed(client: AsyncClient, email: str) -> float:
    began = perf_counter()
    response = await client.post("/login", json={"email": email, "password": WRONG})
    took = perf_counter() - began
    assert response.status_code == 401
    return took


async def difference(connect: Connect, start: int) -> float:
    """Return by how much the medians of interleaved samples differ, as a share of the smaller."""
    known: list[float] = []
    unknown: list[float] = []
    for number in range(start, start + _SAMPLES):
        known.append(await timed(connect(f"192.0.2.{number}"), EMAIL))
        unknown.append(await timed(connect(f"198.51.100.{number}"), f"nobody{number}@northwind.dev"))
        await asyncio.sleep(0)
    low, high = sorted((median(known), median(unknown)))
    return (high - low) / low


@pytest.mark.parametrize("settings_changes", [{"bcrypt_cost": 8, "login_limit": 1000}])
async def test_a_known_and_an_unknown_email_take_the_same_time(connect: Connect) -> None:
    await sign_up(connect())
    await timed(connect(), EMAIL)

    # A busy machine may spoil one comparison, not three.
    differences = [await difference(connect, start) for start in (0, 20, 40)]
    assert min(differences) < 0.10
