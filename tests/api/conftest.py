"""What the tests of the HTTP interface share: one database is enough here, the services tests use both."""

import io
from collections.abc import Generator
from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.clients.http import CREDENTIALS, cookies_set, sign_in, sign_up
from tests.support.runner.logging_setup import captured_log


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The address of a migrated SQLite database."""
    return sqlite_url


@pytest.fixture
async def tokens(api: AsyncClient) -> dict[str, Any]:
    """The tokens of a user who has just signed in, without two-step verification."""
    await sign_up(api)
    return await sign_in(api)


@pytest.fixture
async def cookie(browser: AsyncClient) -> str:
    """The session cookie of a user who has just created an account."""
    answer = await browser.post("/session/register", data=CREDENTIALS)
    return str(cookies_set(answer)["autograph_session"].value)


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Generator[io.StringIO]:
    """Everything the process logs, at the most verbose level."""
    with captured_log("DEBUG", request.param) as output:
        yield output
