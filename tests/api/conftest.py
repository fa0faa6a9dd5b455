"""What the tests of the HTTP face share: one database is enough here, the services have both."""

import pytest


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The address of a migrated SQLite database."""
    return sqlite_url
