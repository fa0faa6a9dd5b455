"""The engine and the unit of work: one transaction per use case, on SQLite and PostgreSQL alike."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import Any, cast

import structlog
from sqlalchemy import ClauseElement, ExceptionContext, Select, event, text
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    PendingRollbackError,
    ProgrammingError,
    ResourceClosedError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from autograph_web.infra.circuit_breaker import CircuitBreaker
from autograph_web.infra.db.postgres import Connector, postgres_engine
from autograph_web.infra.db.prepared_statements import ConnectionUnavailable, PreparedStatement, Refused
from autograph_web.infra.errors import Unavailable, Uncertain
from autograph_web.infra.health.failures import trouble_of
from autograph_web.infra.telemetry.log_throttle import SHORT_S, LogThrottle
from autograph_web.infra.telemetry.metrics import meters
from autograph_web.infra.telemetry.tracing import statement_attributes, step

_log = structlog.get_logger(__name__)
_BUSY_TIMEOUT_MS = 10_000
_CONNECT_TIMEOUT_S = 3.0
_COMMAND_TIMEOUT_S = 10.0
_POOL_TIMEOUT_S = 3.0
# Connection, serialization, resources, operator intervention (PostgreSQL, appendix A).
_OUTAGES = {"08", "40", "53", "57"}
_LOCK, _TRY_LOCK = "SELECT pg_advisory_xact_lock(:key)", "SELECT pg_try_advisory_xact_lock(:key)"
_CLOCK = "SELECT EXTRACT(EPOCH FROM clock_timestamp())"
# Other exceptions of SQLAlchemy, such as for a value of the wrong type, are programming errors.
_FAILURES = (OSError, TimeoutError, PoolTimeout, DBAPIError, PendingRollbackError, ResourceClosedError)
_AFTER_COMMIT = "autograph_after_commit"
_READ_ONLY = "25006"


class ReferenceGone(Exception):
    """A row refers (by a foreign key) to another one that does not exist, or no longer exists."""


class Database:
    """Opens units of work; an unreachable database raises `Unavailable`.

    If the database accepts a statement but does not answer, the caller waits for at most `command_seconds`.
    From then on only one caller per second tries whether it answers again; all others are refused
    immediately.
    """

    def __init__(
        self,
        url: str,
        pool_size: int = 10,
        command_seconds: float = _COMMAND_TIMEOUT_S,
        reference_gone: Callable[[], Exception] = ReferenceGone,
    ) -> None:
        """Create the engine, without connecting; `reference_gone` is raised for a violated foreign key."""
        self._reference_gone = reference_gone
        self.engine, self._connector = make_engine(url, pool_size, command_seconds)
        self._most = pool_size
        self._rest = CircuitBreaker(monotonic)
        self._seldom = LogThrottle(monotonic, SHORT_S)
        self._compiled: dict[int, PreparedStatement] = {}
        # Whether one statement can write to several tables: data-modifying WITH of PostgreSQL.
        self.writes_at_once = self.engine.dialect.name == "postgresql"

    @asynccontextmanager
    async def unit(self) -> AsyncGenerator[AsyncConnection]:
        """Open a unit of work that commits on exit and rolls back on any error.

        Raises:
            Unavailable: The database is down, overloaded or took too long; nothing was written.
            Uncertain: The connection was lost during the commit.
        """
        calls: list[Callable[[], None]] = []
        with self._translated() as stake:
            async with self._connected() as connection:
                await connection.begin()
                connection.info[_AFTER_COMMIT] = calls
                yield connection
                stake.is_out = True
                await connection.commit()
        for call in calls:
            call()

    async def at_once(self, statement: ClauseElement, given: dict[str, Any]) -> Any | None:
        """Execute one module-level statement in its own transaction, and return its first row.

        Only for PostgreSQL and the most frequent statements (docs/decisions/0021-straight-to-the-driver.md).
        None also means that the server raised an error: nothing was written, and a regular unit of work
        reports the reason.

        Raises:
            Unavailable, Uncertain: As for `unit`.
        """
        with self._translated() as stake, suppress(Refused):
            stake.is_out = True
            return await self._quick(statement).first(self.engine, given, whole=self._is_pooled)

    async def first(self, statement: Select[Any], given: dict[str, Any]) -> Any | None:
        """Return the first row of one module-level statement that only reads.

        Raises:
            Unavailable: As for `unit`.
        """
        if self.writes_at_once:
            with self._translated(), suppress(Refused):
                return await self._quick(statement).first(self.engine, given, whole=self._is_pooled)
        async with self.read() as connection:
            return (await connection.execute(statement, given)).first()

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """Open a read-only unit, which requires no write lock; each statement sees the newest commit.

        Raises:
            Unavailable: As for `unit`.
        """
        with self._translated():
            async with self._connected() as connection:
                # PostgreSQL needs no transaction for that, which saves two round trips, unless a pooler may
                # send each statement to a different server process.
                alone = self.writes_at_once and not self._is_pooled()
                more = {"isolation_level": "AUTOCOMMIT"} if alone else {}
                await connection.execution_options(autograph_read_only=True, **more)
                yield connection

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[AsyncConnection]:
        async with self.engine.connect() as connection:
            try:
                yield connection
            except (TimeoutError, asyncio.CancelledError):
                await _hang_up(connection)
                raise

    @contextmanager
    def _translated(self) -> Generator["_Stake"]:
        """Translate errors of a broken or busy database to `Unavailable`; domain errors pass unchanged.

        Written rows refer to rows that were just read, usually an account: a missing one was deleted
        meanwhile.
        """
        if self._rest.is_open():
            raise Unavailable(retry_after=2)
        stake = _Stake()
        try:
            yield stake
        except Exception as error:
            if isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError):
                self._rest.record_failure()
            if isinstance(error, IntegrityError) and _refers_to_nothing(error):
                raise self._reference_gone() from error
            refusal = _refusal_of(error, stake)
            if refusal is None:
                raise
            if isinstance(refusal, Unavailable) and refusal is not error:
                self._tell(error)
            raise refusal from error
        self._rest.record_success()

    def _tell(self, error: Exception) -> None:
        """Log the error in one line, at a limited rate, because every request fails in the same way."""
        kind = trouble_of(error)
        if self._seldom.allows(kind):
            _log.warning("database_failed", trouble=kind.value, error=type(error.__cause__ or error).__name__)

    def _is_pooled(self) -> bool:
        return self._connector is not None and self._connector.pooled

    def _quick(self, statement: ClauseElement) -> PreparedStatement:
        # Module-level statements live as long as the process, so their identity can serve as a key.
        if id(statement) not in self._compiled:
            self._compiled[id(statement)] = PreparedStatement(statement, self.engine.dialect)
        return self._compiled[id(statement)]

    async def ping(self) -> None:
        """Execute a trivial query.

        Raises:
            Unavailable: The database did not answer.
        """
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def revision(self) -> str | None:
        """Return the newest migration applied to this database, or None.

        Raises:
            Unavailable: It did not answer; for SQLite also: it has none of our tables.
        """
        try:
            async with self.read() as connection:
                found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars()
                return max(found, default=None)
        except ProgrammingError:  # it has none of our tables
            return None

    async def seconds(self) -> float | None:
        """Return the time of the database's clock; None for SQLite, which uses ours.

        Raises:
            Unavailable: It did not answer.
        """
        if not self.writes_at_once:
            return None
        async with self.read() as connection:
            return float((await connection.execute(text(_CLOCK))).scalar_one())

    def count_connections(self) -> None:
        """Report the connections in use, and their maximum, in the metrics of this process."""
        meters().connections_most.set(self._most)

        @event.listens_for(self.engine.sync_engine, "checkout")
        def _taken(*_: object) -> None:
            meters().connections.inc()

        @event.listens_for(self.engine.sync_engine, "checkin")
        def _given_back(*_: object) -> None:
            meters().connections.dec()

    def trace_statements(self) -> None:
        """Add each statement to the current trace, with only its operation and table."""
        system = self.engine.dialect.name
        told = self.engine.sync_engine

        @event.listens_for(told, "before_cursor_execute")
        def _begin(*given: Any) -> None:
            statement, execution = given[2], given[4]
            attributes = statement_attributes(statement, system)
            execution.autograph_span = step(f"sql {attributes['db__operation__name']}", **attributes)

        @event.listens_for(told, "after_cursor_execute")
        def _end(*given: Any) -> None:
            given[4].autograph_span.end()

        @event.listens_for(told, "handle_error")
        def _fail(failure: Any) -> None:
            begun = getattr(failure.execution_context, "autograph_span", None)
            if begun is not None:
                begun.fail(type(failure.original_exception).__name__)
                begun.end()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def after_commit(connection: AsyncConnection, call: Callable[[], None]) -> None:
    """Call `call` after the unit of work of `connection` has committed, and not at all if it does not."""
    connection.info[_AFTER_COMMIT].append(call)


async def lock(connection: AsyncConnection, key: int) -> None:
    """Acquire the advisory lock `key` for this unit of work, waiting for its current holder."""
    # On SQLite there is only one writer at a time anyway.
    if connection.dialect.name == "postgresql":
        await connection.execute(text(_LOCK), {"key": key})


async def try_lock(connection: AsyncConnection, key: int) -> bool:
    """Acquire the advisory lock `key` for this unit of work and return True, unless it is already held."""
    if connection.dialect.name != "postgresql":
        return True
    return bool((await connection.execute(text(_TRY_LOCK), {"key": key})).scalar())


class _Stake:
    """Whether the commit has been sent: if no answer arrives then, the outcome is unknown."""

    is_out = False


def _refusal_of(error: Exception, stake: _Stake) -> Exception | None:
    """Return the error to raise in place of a database error, or None if it must propagate unchanged."""
    if isinstance(error, IntegrityError):
        return None
    # A DBAPIError may also be caused by a faulty SQL statement or value of ours, which must propagate.
    if isinstance(error, DBAPIError) and not (error.connection_invalidated or _is_outage(error)):
        return None
    if isinstance(error, Unavailable) or not isinstance(error, _FAILURES):
        return None
    silent = (
        error.connection_invalidated
        if isinstance(error, DBAPIError)
        else not isinstance(error, ConnectionUnavailable)
    )
    return Uncertain(retry_after=2) if stake.is_out and silent else Unavailable(retry_after=2)


async def _hang_up(connection: AsyncConnection) -> None:
    """Drop a connection that did not answer: a rollback or a graceful close would not be answered either."""
    if connection.dialect.name != "postgresql" or connection.closed or connection.invalidated:
        return
    raw: Any = (await connection.get_raw_connection()).driver_connection
    raw.terminate()
    await connection.invalidate()


def _refers_to_nothing(error: IntegrityError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    return state == "23503" or "FOREIGN KEY" in str(error.orig)


def _is_outage(error: DBAPIError) -> bool:
    # asyncpg's exception classes are coarse: a starting, stopping or full server is known by its SQLSTATE.
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if error.statement is not None and _is_a_value(error):
        return False
    named = error.__class__.__name__ in ("OperationalError", "InterfaceError", "InternalError")
    return named or error.statement is None or state[:2] in _OUTAGES


def _is_a_value(error: DBAPIError) -> bool:
    """Return True if the driver rejected a value before sending it."""
    if isinstance(error.orig, sqlite3.Error):
        return isinstance(error.orig, sqlite3.InterfaceError | sqlite3.ProgrammingError)
    cause = getattr(error.orig, "__cause__", None)
    return isinstance(cause, ValueError | TypeError | OverflowError)


def make_engine(
    url: str, pool_size: int = 10, command_seconds: float = _COMMAND_TIMEOUT_S
) -> tuple[AsyncEngine, Connector | None]:
    """Return an engine for `url`, configured for its database, and for PostgreSQL its connector."""
    # Parameters must not appear in tracebacks: they may be an email address or a hash.
    if url.startswith("sqlite"):
        engine = create_async_engine(
            url, hide_parameters=True, pool_size=pool_size, pool_timeout=_POOL_TIMEOUT_S
        )
        _prepare_sqlite(engine)
        return engine, None
    engine, connector = postgres_engine(
        url,
        _CONNECT_TIMEOUT_S,
        command_seconds,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
    )
    _leave_at_once(engine)
    return engine, connector


def _leave_at_once(engine: AsyncEngine) -> None:
    """Discard unusable connections, and do not wait for an unresponsive server when closing."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def _look(context: ExceptionContext) -> None:
        error, connection = context.original_exception, context.connection
        # The server was the primary until a moment ago: every connection of the pool leads to it.
        if getattr(error, "sqlstate", None) == _READ_ONLY:
            context.is_disconnect = True
        # SQLAlchemy would wait two more seconds for a graceful close.
        silent = isinstance(error, TimeoutError | asyncio.CancelledError)
        if silent and connection is not None and not (connection.closed or connection.invalidated):
            cast(Any, connection.connection.driver_connection).terminate()


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # We send BEGIN ourselves (below): the implicit one of the driver comes too late to be IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        # FULL, not NORMAL: an acknowledged registration must survive a power failure even in WAL mode.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE acquires the write lock at once: upgrading from a read lock later fails without waiting.
        read_only = connection.get_execution_options().get("autograph_read_only")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
