"""A process that dies after its commit and before it has updated Redis."""

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from tests.support.services.factories import open_cookie, open_pair, register


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what is tested here happens in Redis."""
    return sqlite_url


class Crash(Exception):
    """The end of the process, from the point of view of its unit of work."""


async def test_no_copy_outlives_a_session_whose_end_was_committed_last(services: Services) -> None:
    account = await register(services)
    pair, cookie = await open_pair(services), await open_cookie(services)
    await services.sessions.authenticate_token(pair.access_token)
    await services.sessions.authenticate_cookie(cookie)
    # The tombstones, which would be written after the commit, never are.
    async with services.database.unit() as connection:
        await services.sessions.end_every(connection, account.id, "logout_all")

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(pair.access_token)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


async def test_no_copy_outlives_one_session_either(services: Services) -> None:
    await register(services)
    cookie, other = await open_cookie(services), await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)
    await services.sessions.authenticate_cookie(other)
    async with services.database.unit() as connection:
        await services.sessions.revoke(connection, [principal.session_id], "logout")

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)
    assert await services.sessions.authenticate_cookie(other)


async def test_an_end_that_was_never_committed_ends_nothing(services: Services) -> None:
    await register(services)
    cookie = await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)

    async def crash() -> None:
        async with services.database.unit() as connection:
            await services.sessions.revoke(connection, [principal.session_id], "logout")
            raise Crash

    with pytest.raises(Crash):
        await crash()

    assert await services.sessions.authenticate_cookie(cookie) == principal
