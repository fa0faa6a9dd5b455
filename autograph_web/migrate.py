"""Schema migration, which is safe when several servers start concurrently."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from autograph_web.infra.db.database import lock
from autograph_web.infra.db.postgres import postgres_engine
from autograph_web.infra.db.postgres_url import parse_postgres_url
from autograph_web.infra.file_lock import file_lock
from autograph_web.infra.health.failures import trouble_of
from autograph_web.infra.health.remedies import mend
from autograph_web.infra.startup_error import StartupError
from autograph_web.schema import SCRIPTS, sqlite_file

_LOCK_KEY = 0x4175746F  # "Auto": an arbitrary advisory lock key, not used by other programs on this database
_CONNECT_SECONDS = 10


def upgrade(url: str) -> None:
    """Apply all missing migrations; a concurrent process waits, and then finds nothing to do.

    Args:
        url: The database URL in the form of SQLAlchemy, with an async driver.

    Raises:
        StartupError: The database is unavailable or reports an error.
    """
    run(url, lambda config: command.upgrade(config, "head"))


def run(url: str, action: Callable[[Config], object]) -> None:
    """Run an Alembic command on the database, under an exclusive lock.

    Raises:
        StartupError: The database is unavailable or reports an error.
    """
    try:
        asyncio.run(_run(url, action))
    except (OSError, DBAPIError, TimeoutError) as error:
        raise StartupError(_told(url, error)) from error
    except CommandError as error:
        # Most likely the database was migrated by a newer version of the product.
        raise StartupError(
            f"cannot migrate the database {_without_password(url)}: {_reason(error)}"
        ) from error


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the database, or None if it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file; `alembic/env.py` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def write_revision(message: str, url: str) -> None:
    """Generate a migration from the newest revision to the current models, to be reviewed by a developer.

    Args:
        message: A short description of the migration.
        url: A scratch database, to which the existing migrations are applied first.
    """
    upgrade(url)
    existing = ScriptDirectory.from_config(configuration()).walk_revisions()
    number = 1 + max((int(one.revision) for one in existing), default=0)
    run(url, lambda config: command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}"))


async def _run(url: str, action: Callable[[Config], object]) -> None:
    with ExitStack() as stack:
        if (file := sqlite_file(url)) is not None:
            stack.enter_context(file_lock(file.with_name(f"{file.name}.migrate.lock")))
        # Begun here and not by Alembic, so that everything happens in a single transaction.
        async with _connection(url) as connection, connection.begin():
            await lock(connection, _LOCK_KEY)
            await connection.run_sync(lambda plain: action(configuration(plain)))


@asynccontextmanager
async def _connection(url: str) -> AsyncGenerator[AsyncConnection]:
    """Open a connection without the statement timeout and foreign key enforcement of the server's.

    A migration may take long; and SQLite, copying a table, drops the old one, which with foreign keys
    enforced would delete the rows that refer to it.
    """
    engine = _sqlite_engine(url) if url.startswith("sqlite") else postgres_engine(url, _CONNECT_SECONDS)[0]
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def _sqlite_engine(url: str) -> AsyncEngine:
    """Send BEGIN explicitly: Python's SQLite driver would run schema changes outside of the transaction."""
    engine = create_async_engine(url, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _no_implicit_begin(connection: Any, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _told(url: str, error: BaseException) -> str:
    """Return one line with the problem and the remedy."""
    trouble = trouble_of(error)
    what = f"{trouble.sentence} ({_reason(error)})"
    return f"cannot use the database {_without_password(url)}: {what}; {mend('database', trouble)}"


def _without_password(url: str) -> str:
    return str(sqlite_file(url) or parse_postgres_url(url))


def _reason(error: BaseException) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    lines = str(original or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
