"""Units of work that PostgreSQL aborts in favour of others are retried, invisibly to the caller."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.container import Services
from autograph_web.infra.db.database import Database
from autograph_web.infra.db.retry import is_conflict, retried
from autograph_web.infra.errors import Unavailable
from tests.support.services.clock import FakeClock
from tests.support.services.factories import audited, context, how_many
from tests.support.services.two_step import Enrolled, enrol, fresh_viewer

_ADD = text("UPDATE tally SET n = n + 1 WHERE name = :name")
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """SQLite lets one unit write at a time, so no conflict can occur."""
    return postgres_url


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """A database with its own table; a deadlock is detected early."""
    database = Database(database_url)
    async with database.unit() as connection:
        await connection.execute(text("CREATE TABLE tally (name text PRIMARY KEY, n int NOT NULL)"))
        await connection.execute(text("INSERT INTO tally VALUES ('a', 0), ('b', 0)"))
    yield database
    async with database.unit() as connection:
        await connection.execute(text("DROP TABLE tally"))
    await database.close()


@asynccontextmanager
async def unit(database: Database, *, serializable: bool = False) -> AsyncGenerator[Any]:
    async with database.unit() as connection:
        await connection.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
        if serializable:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        yield connection


async def tally(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT name, n FROM tally"))
        return {row.name: row.n for row in rows}


def adding(
    database: Database, both: asyncio.Barrier, tries: list[str]
) -> Callable[[str, str], Coroutine[Any, Any, None]]:
    """Return a unit that adds to two rows; on the first try it waits for the other unit between them."""

    async def add(first: str, second: str) -> None:
        tries.append(first)
        async with unit(database) as connection:
            await connection.execute(_ADD, {"name": first})
            if tries.count(first) == 1:
                await both.wait()
            await connection.execute(_ADD, {"name": second})

    return add


async def test_of_two_that_wait_for_each_other_one_begins_anew(database: Database) -> None:
    tries: list[str] = []
    add = retried(adding(database, asyncio.Barrier(2), tries))
    async with asyncio.timeout(30):
        await asyncio.gather(add("a", "b"), add("b", "a"))
    assert await tally(database) == {"a": 2, "b": 2}
    assert len(tries) >= 3


async def test_without_it_one_of_them_is_refused(database: Database) -> None:
    add = adding(database, asyncio.Barrier(2), [])
    async with asyncio.timeout(30):
        done = await asyncio.gather(add("a", "b"), add("b", "a"), return_exceptions=True)
    [refusal] = [one for one in done if one is not None]
    assert isinstance(refusal, Unavailable)
    assert is_conflict(refusal)
    assert await tally(database) == {"a": 1, "b": 1}


async def test_serializable_units_that_collide_all_come_to_an_end(database: Database) -> None:
    @retried
    async def move(one: str, other: str) -> None:
        async with unit(database, serializable=True) as connection:
            read = text("SELECT n FROM tally WHERE name = :name")
            n = (await connection.execute(read, {"name": one})).scalar_one()
            put = text("UPDATE tally SET n = :n WHERE name = :name")
            await connection.execute(put, {"n": n + 1, "name": other})

    async with asyncio.timeout(60):
        await asyncio.gather(*(move(*pair) for pair in [("a", "b"), ("b", "a")] * 2))
    found = await tally(database)
    # No serial order of the units leads to any other result.
    assert sorted(found.values()) in ([1, 2], [2, 3], [3, 4])


async def test_what_collides_for_ever_is_refused_in_the_end(database: Database) -> None:
    tries = 0

    async def hopeless() -> None:
        nonlocal tries
        tries += 1
        async with database.unit() as connection:
            await connection.execute(text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))

    with pytest.raises(Unavailable):
        await retried(hopeless, pauses=(0.0,) * 4)()
    assert tries == 5


async def test_no_other_failure_is_tried_again(database: Database) -> None:
    tries = 0

    @retried
    async def full() -> None:
        nonlocal tries
        tries += 1
        async with database.unit() as connection:
            await connection.execute(text("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$"))

    with pytest.raises(Unavailable):
        await full()
    assert tries == 1


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    """A user with a second factor."""
    return await enrol(services, clock)


async def test_a_use_case_that_loses_to_a_stranger_is_carried_out_once(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    """Another transaction locks the account first and the factor after it, against our order."""
    principal = await fresh_viewer(services, clock, mina)
    async with asyncio.timeout(60), services.database.unit() as stranger:
        # The transaction that looks for a deadlock first is aborted: on a busy machine that could be this
        # one.
        await stranger.execute(text("SET LOCAL deadlock_timeout = '1min'"))
        await stranger.execute(text("SELECT 1 FROM users FOR UPDATE"))
        turning_off = asyncio.create_task(services.enrolment.disable(context(), principal))
        while not (await stranger.execute(_WAITING)).scalar():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        # The use case is aborted one second (its `deadlock_timeout`) after it began to wait.
        await stranger.execute(text("SELECT 1 FROM totp_factors FOR UPDATE"))
    await turning_off
    assert await how_many(services, FACTORS) == 0
    assert await how_many(services, CODES) == 0
    assert len(await audited(services, "mfa_disabled")) == 1
