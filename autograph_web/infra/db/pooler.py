"""Checks on a new connection to PostgreSQL: whether there is a pooler, and whether we may write.

Only imported if PostgreSQL is used.
"""

from typing import Any, cast

import asyncpg

from autograph_web.infra.db.postgres_url import OURS

_FIRST_WITH_TRANSACTION_TIMEOUT = 17
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED, NOT DEFERRABLE"
_READ_ONLY = "default_transaction_read_only"
_IF_READ_ONLY = f"SELECT 1 FROM pg_settings WHERE name = '{_READ_ONLY}' AND setting = 'on' AND source"  # noqa: S608
_WRITABLE_AFTER_ALL = f"SET {_READ_ONLY} = off"
# Only the server's own configuration counts: it marks a former primary, or one whose disk is full.
_OF_A_ROLE = "('user', 'database', 'database user')"


class PoolerFound(Exception):
    """There is a connection pooler between us and the server."""


class Settled(cast(Any, asyncpg).Connection):
    """A connection through a pooler, on which each transaction sets our settings itself."""

    beginning = _BEGIN

    def transaction(self, **_: Any) -> Any:
        """Return a transaction that has not begun; its options are ignored, as only one kind is used."""
        return _Transaction(self)


class _Transaction:
    """Begins with a single message, because a role's timeouts may be too short for a second one."""

    def __init__(self, connection: Settled) -> None:
        self._connection: Any = connection

    async def start(self) -> None:
        try:
            await self._connection.execute(self._connection.beginning)
        except asyncpg.PostgresError:  # it may have begun, and must not stay open for the next client
            await self.rollback()
            raise

    async def commit(self) -> None:
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")

    async def __aenter__(self) -> None:
        await self.start()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            await self.commit()
        elif not self._connection.is_closed():
            await self.rollback()


async def is_pooled(connection: Any) -> bool:
    """Return True if the process that answers is not the one we connected to, as behind any pooler.

    Asked in one message without a prepared statement, so that a single server process answers.
    """
    return not await _is(connection, f"SELECT 1 WHERE pg_backend_pid() = {connection.get_server_pid()}")


async def settle(connection: Any) -> None:
    """Apply the settings that cannot be sent with the startup message."""
    if connection.get_server_version().major >= _FIRST_WITH_TRANSACTION_TIMEOUT:
        await connection.execute("SET transaction_timeout = 0")
    if _told(connection, _READ_ONLY) != "off" and await _is(connection, f"{_IF_READ_ONLY} IN {_OF_A_ROLE}"):
        await connection.execute(_WRITABLE_AFTER_ALL)


async def settle_transactions(connection: Settled, timeouts: dict[str, str]) -> None:
    """Make the transactions of a connection through a pooler begin with our settings."""
    named = {name: value for name, value in (timeouts | OURS).items() if not name.startswith("default_")}
    del named["idle_session_timeout"]  # the pooler's responsibility
    local = [f"SET LOCAL {name} = '{value}'" for name, value in named.items()]
    asked = "; ".join([_BEGIN, *local, f"{_IF_READ_ONLY} IN {_OF_A_ROLE}"])
    mode = f"{_BEGIN}, READ WRITE" if await _is(connection, asked) else _BEGIN
    await connection.execute("ROLLBACK")
    connection.beginning = "; ".join([mode, *local])


async def serves(connection: Any, target: str) -> bool:
    """Return True if the server matches libpq's `target_session_attrs`."""
    if target == "any":
        return True
    if await _is(connection, "SELECT 1 WHERE pg_is_in_recovery()"):
        return False
    writes = target == "primary" or _told(connection, _READ_ONLY) == "off"
    return writes or not await _is(connection, f"{_IF_READ_ONLY} NOT IN {_OF_A_ROLE}")


def _told(connection: Any, name: str) -> str | None:
    """Return a setting as reported by the server at connection start; None before PostgreSQL 14."""
    return getattr(connection.get_settings(), name, None)


async def _is(connection: Any, question: str) -> bool:
    """Return True if the last statement of one message returns a row."""
    return bool(await connection.execute(question) == "SELECT 1")
