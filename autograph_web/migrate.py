"""Bringing the database's schema up to date, safely also when several servers start at once."""

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

_LOCK_KEY = 0x4175746F  # "Auto": any number no other program on this database locks
_CONNECT_SECONDS = 10


def upgrade(url: str) -> None:
    """Apply every migration the database lacks; a second process waits, then finds nothing to do.

    Args:
        url: The database in SQLAlchemy's spelling, with an async driver.

    Raises:
        StartupError: The database cannot be reached or refuses.
    """
    run(url, lambda config: command.upgrade(config, "head"))


def run(url: str, action: Callable[[Config], object]) -> None:
    """Run an Alembic command on the database, alone.

    Raises:
        StartupError: The database cannot be reached or refuses.
    """
    try:
        asyncio.run(_run(url, action))
    except (OSError, DBAPIError, TimeoutError) as error:
        raise StartupError(_told(url, error)) from error
    except CommandError as error:
        # Most likely a newer version of the product has used this database.
        raise StartupError(
            f"cannot migrate the database {_without_password(url)}: {_reason(error)}"
        ) from error


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at, None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file; `alembic/env.py` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def write_revision(message: str, url: str) -> None:
    """Write the migration from the newest revision to the present models, for a developer to read.

    Args:
        message: What it does, in a few words.
        url: A scratch database the existing migrations are applied to first.
    """
    upgrade(url)
    existing = ScriptDirectory.from_config(configuration()).walk_revisions()
    number = 1 + max((int(one.revision) for one in existing), default=0)
    run(url, lambda config: command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}"))


async def _run(url: str, action: Callable[[Config], object]) -> None:
    with ExitStack() as stack:
        if (file := sqlite_file(url)) is not None:
            stack.enter_context(file_lock(file.with_name(f"{file.name}.migrate.lock")))
        # Begun here and not by Alembic, so that everything happens in one transaction or not at all.
        async with _connection(url) as connection, connection.begin():
            await lock(connection, _LOCK_KEY)
            await connection.run_sync(lambda plain: action(configuration(plain)))


@asynccontextmanager
async def _connection(url: str) -> AsyncGenerator[AsyncConnection]:
    """A connection of its own kind: without the time limit, and the foreign keys, of the server's.

    A migration may take long; and SQLite, copying a table, drops the old one, which with foreign keys
    enforced would delete the rows that point to it.
    """
    engine = _sqlite_engine(url) if url.startswith("sqlite") else postgres_engine(url, _CONNECT_SECONDS)[0]
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def _sqlite_engine(url: str) -> AsyncEngine:
    """Say BEGIN ourselves: Python's SQLite driver would leave the schema changes outside the transaction."""
    engine = create_async_engine(url, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _no_implicit_begin(connection: Any, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _told(url: str, error: BaseException) -> str:
    """Return in one line what is wrong and what to do about it."""
    trouble = trouble_of(error)
    what = f"{trouble.sentence} ({_reason(error)})"
    return f"cannot use the database {_without_password(url)}: {what}; {mend('database', trouble)}"


def _without_password(url: str) -> str:
    return str(sqlite_file(url) or parse_postgres_url(url))


def _reason(error: BaseException) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    lines = str(original or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
