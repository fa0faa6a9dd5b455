"""Connecting to PostgreSQL: several hosts in turn, our own settings, poolers such as PgBouncer."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from autograph_web.infra.db.postgres_url import OURS, PostgresAddress, parse_postgres_url

_PLAIN = {"postgresql+asyncpg": "postgresql", "postgres": "postgresql"}


class NotTheOne(ConnectionError):
    """Every host that answers is a replica, or read-only."""


class Connector:
    """Opens connections for an engine; `pooled` means that there is a pooler in front of the server.

    Behind a pooler, only a transaction is guaranteed to stay on one server process (PgBouncer's
    pool_mode=transaction). So everything happens in transactions that set our settings, and no statement is
    prepared for reuse.
    """

    def __init__(self, address: PostgresAddress, seconds: float, command_seconds: float | None) -> None:
        """Store the parameters, without connecting.

        Args:
            address: The hosts and the connection parameters.
            seconds: Connection timeout per host, unless the address sets one itself.
            command_seconds: Timeout of a statement, in seconds.
        """
        self.pooled = address.pooled
        self._address = address
        self._given: dict[str, Any] = address.arguments()
        self._given |= {"timeout": address.wait or seconds, "command_timeout": command_seconds}

    async def connect(self) -> Any:
        """Return a connection to the first suitable host.

        Raises:
            PoolerFound: An undeclared pooler was detected; the next attempt takes it into account.
        """
        # Not needed on SQLite, where it would only slow down the start.
        from asyncpg.exceptions import ProtocolViolationError  # noqa: PLC0415

        from autograph_web.infra.db import pooler  # noqa: PLC0415

        if self.pooled:
            kind = {"connection_class": pooler.Settled, "statement_cache_size": 0}
            connection = await self._first_that_serves(self._address.settings, **kind)
            with _given_up(connection):
                await pooler.settle_transactions(connection, self._address.timeouts)
            return connection
        try:
            connection = await self._first_that_serves(OURS | self._address.timeouts | self._address.settings)
        except ProtocolViolationError:  # a pooler rejects settings; any other cause recurs on retry
            self.pooled = True
            raise pooler.PoolerFound from None
        with _given_up(connection):
            if await pooler.is_pooled(connection):
                self.pooled = True
                raise pooler.PoolerFound
            await pooler.settle(connection)
        return connection

    async def _first_that_serves(self, settings: dict[str, str], **kind: Any) -> Any:
        """Try the hosts in turn; the driver itself stops at one that is shutting down or does not answer."""
        import asyncpg  # noqa: PLC0415
        from asyncpg.exceptions import CannotConnectNowError  # noqa: PLC0415

        from autograph_web.infra.db import pooler  # noqa: PLC0415

        failure: Exception | None = None
        for host, port in self._address.places or ((None, None),):
            try:
                connection = await cast(Any, asyncpg).connect(
                    host=host, port=port, server_settings=settings, **self._given, **kind
                )
                with _given_up(connection):
                    if await pooler.serves(connection, self._address.target):
                        return connection
                connection.terminate()
            except (OSError, TimeoutError, CannotConnectNowError) as error:
                failure = error
        raise failure or NotTheOne(f"no host is {self._address.target}")


@contextmanager
def _given_up(connection: Any) -> Generator[None]:
    """Terminate the connection if the block fails."""
    try:
        yield
    except BaseException:
        connection.terminate()
        raise


def postgres_engine(
    url: str, seconds: float, command_seconds: float | None = None, **options: Any
) -> tuple[AsyncEngine, Connector]:
    """Return an engine for PostgreSQL, and its connector.

    Args:
        url: The address, in the form of libpq or SQLAlchemy.
        seconds: As for `Connector`.
        command_seconds: As for `Connector`.
        options: Options of SQLAlchemy's engine.
    """
    scheme, separator, rest = url.partition("://")
    address = parse_postgres_url(f"{_PLAIN.get(scheme, scheme)}{separator}{rest}")
    connector = Connector(address, seconds, command_seconds)
    engine = create_async_engine("postgresql+asyncpg://", hide_parameters=True, **options)
    event.listens_for(engine.sync_engine, "do_connect")(_by(connector))
    return engine, connector


def _by(connector: Connector) -> Callable[..., Any]:
    def connected(dialect: Any, _record: Any, _arguments: Any, _options: Any) -> Any:
        from autograph_web.infra.db.pooler import PoolerFound  # noqa: PLC0415

        def once() -> Any:
            kept = {"prepared_statement_cache_size": 0} if connector.pooled else {}
            return dialect.connect(async_creator_fn=connector.connect, **kept)

        try:
            return once()
        except PoolerFound:
            return once()

    return connected
