"""Nobody learns from the time an answer takes whether an account exists: both cost the same work.

The work is compared, not the clock: a busy machine disturbs the one and not the other. Hashing shows as
processor time, of which a whole hash takes more than all the rest, and which noise can only add to.
"""

from time import process_time

import pytest
from httpx import AsyncClient

from autograph_web.runtime import Services
from tests.support.app import Connect
from tests.support.factories import EMAIL, WRONG
from tests.support.http import sign_up
from tests.support.watching import RedisWindow, asked_by_request, statements

_SAMPLES = 5


async def refused(client: AsyncClient, email: str) -> None:
    response = await client.post("/login", json={"email": email, "password": WRONG})
    assert response.status_code == 401


async def test_a_known_and_an_unknown_email_are_the_same_work(
    connect: Connect, services: Services, redis_window: RedisWindow
) -> None:
    async def work(email: str, ip: str) -> object:
        with statements(services) as seen, redis_window.counting() as commands:
            await refused(connect(ip), email)
        return asked_by_request(seen), commands

    await sign_up(connect())
    await work("somebody@northwind.dev", "192.0.2.1")
    assert await work(EMAIL, "192.0.2.2") == await work("nobody@northwind.dev", "192.0.2.3")


@pytest.mark.parametrize("settings_changes", [{"bcrypt_cost": 10, "login_limit": 1000}])
async def test_either_takes_a_whole_hash(connect: Connect, services: Services) -> None:
    async def least(email: str) -> float:
        spent: list[float] = []
        for _ in range(_SAMPLES):
            began = process_time()
            await refused(connect(), email)
            spent.append(process_time() - began)
        return min(spent)

    await sign_up(connect())
    hashes: list[float] = []
    for _ in range(_SAMPLES):
        began = process_time()
        await services.hasher.verify(WRONG, None)
        hashes.append(process_time() - began)
    for email in (EMAIL, "nobody@northwind.dev"):
        assert await least(email) > 0.75 * min(hashes)
