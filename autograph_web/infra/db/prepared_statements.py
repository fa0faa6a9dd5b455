"""Frequent single statements, passed to the PostgreSQL driver directly.

SQLAlchemy compiles, caches, begins and rolls back for every statement, which for these takes longer than the
database does (docs/decisions/0021-straight-to-the-driver.md).
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql import ClauseElement

from autograph_web.infra.telemetry.tracing import statement_attributes, step


class Refused(Exception):
    """The server reported an error: nothing was written, and a regular unit of work reports the reason."""


class ConnectionUnavailable(ConnectionError):
    """There was no connection over which to send the statement: nothing was written."""


class PreparedStatement:
    """A statement in the form of the driver: its text, and its values in order."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        # Taken from the dialect, so that a server on SQLite does not need the PostgreSQL driver.
        self._driver: Any = cast(Any, dialect).loaded_dbapi.asyncpg
        self._text, self._standing = str(compiled), dict(compiled.params)
        self._told = statement_attributes(self._text, "postgresql")
        self._places = [
            (name, _converter(compiled.binds[name].type, dialect)) for name in compiled.positiontup
        ]

    async def first(
        self, engine: AsyncEngine, given: dict[str, Any], *, whole: Callable[[], bool]
    ) -> SimpleNamespace | None:
        """Execute it in its own transaction, and return the first row, with columns as attributes.

        `whole` returns, for an existing connection, whether an explicit transaction is needed (behind a
        pooler).

        Raises:
            Refused: The server reported an error.
            ConnectionUnavailable: There is no connection, and a new one cannot be opened.
            ConnectionError: The connection was lost; the outcome is unknown.
            TimeoutError: There was no answer in time; the outcome is unknown.
            ValueError: A value is not valid for the statement.
        """
        values = self._standing | given
        arguments = [convert(values[name]) for name, convert in self._places]
        pooled = await _connected(engine)
        try:
            with step(f"sql {self._told['db__operation__name']}", **self._told):
                row = await self._fetched(pooled.driver_connection, arguments, whole)
            return SimpleNamespace(**row) if row else None
        except (self._driver.InterfaceError, self._driver.PostgresConnectionError) as error:
            if isinstance(error, ValueError):  # the driver rejected a value: a programming error
                raise
            pooled.invalidate(error)
            raise ConnectionError from error
        except self._driver.PostgresError as error:
            raise Refused from error
        except BaseException as error:  # no answer, or the caller was cancelled
            cast(Any, pooled.driver_connection).terminate()
            pooled.invalidate(error)
            raise
        finally:
            pooled.close()

    async def _fetched(self, driver: Any, arguments: list[Any], whole: Callable[[], bool]) -> Any:
        if not whole():
            return await driver.fetchrow(self._text, *arguments)
        async with driver.transaction():
            return await driver.fetchrow(self._text, *arguments)


async def _connected(engine: AsyncEngine) -> PoolProxiedConnection:
    """Take a connection from the pool, discarding those that the server has closed while they were idle.

    Raises:
        ConnectionUnavailable: There is none, and a new one cannot be opened.
    """
    while True:
        try:
            pooled = await engine.raw_connection()
        except (cast(Any, engine.dialect).loaded_dbapi.Error, OSError, TimeoutError) as error:
            raise ConnectionUnavailable from error
        driver: Any = pooled.driver_connection
        if not driver.is_closed():
            return pooled
        pooled.invalidate()
        pooled.close()


def _converter(kind: Any, dialect: Dialect) -> Callable[[Any], Any]:
    """Return the function that converts a value for the driver, as SQLAlchemy would."""
    return kind.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
