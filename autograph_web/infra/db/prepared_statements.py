"""Single statements of the busiest paths, handed to PostgreSQL's driver as they are.

SQLAlchemy composes, caches, begins and rolls back anew for every statement, which for one of these takes
longer than the database does (docs/decisions/0021-straight-to-the-driver.md).
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
    """The server named an error: nothing was written, and whoever asks the usual way gets to know why."""


class ConnectionUnavailable(ConnectionError):
    """There was no connection to send the statement over: nothing was written."""


class PreparedStatement:
    """A statement as the driver takes it: its text, and the values in their order."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        # Taken from the dialect, so that whoever runs on SQLite needs no driver of PostgreSQL.
        self._driver: Any = cast(Any, dialect).loaded_dbapi.asyncpg
        self._text, self._standing = str(compiled), dict(compiled.params)
        self._told = statement_attributes(self._text, "postgresql")
        self._places = [
            (name, _converter(compiled.binds[name].type, dialect)) for name in compiled.positiontup
        ]

    async def first(
        self, engine: AsyncEngine, given: dict[str, Any], *, whole: Callable[[], bool]
    ) -> SimpleNamespace | None:
        """Run it, a transaction of its own, and return its first row, with its columns as attributes.

        `whole` tells of a connection that is there whether the transaction must be named (behind a pooler).

        Raises:
            Refused: The server would not.
            ConnectionUnavailable: There is no connection, and no new one to be had.
            ConnectionError: The connection was lost; nobody can tell whether it was carried out.
            TimeoutError: There was no answer in time; likewise.
            ValueError: A value is none that the statement can take.
        """
        values = self._standing | given
        arguments = [convert(values[name]) for name, convert in self._places]
        pooled = await _connected(engine)
        try:
            with step(f"sql {self._told['db__operation__name']}", **self._told):
                row = await self._fetched(pooled.driver_connection, arguments, whole)
            return SimpleNamespace(**row) if row else None
        except (self._driver.InterfaceError, self._driver.PostgresConnectionError) as error:
            if isinstance(error, ValueError):  # a value the driver would not take: a fault of ours
                raise
            pooled.invalidate(error)
            raise ConnectionError from error
        except self._driver.PostgresError as error:
            raise Refused from error
        except BaseException as error:  # no answer, or nobody waits for it any more
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
    """Take a connection out of the pool, of which the server may have closed any while they lay there.

    Raises:
        ConnectionUnavailable: There is none, and no new one to be had.
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
    """Return what makes of a value what the driver takes, as SQLAlchemy would."""
    return kind.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
