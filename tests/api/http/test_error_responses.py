"""A faulty value in one of our statements is distinguished from an unavailable database."""

from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from autograph_web.container import Services
from autograph_web.front import build_front
from tests.support.services.app import PAGES, inner_app


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both: each driver rejects values in its own way."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.mark.parametrize("value", [2**70, {1, 2}, "\ud800"])
async def test_a_value_that_cannot_be_bound_is_an_error_500_and_logged(
    services: Services, value: Any
) -> None:
    async def binds(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/broken":
            async with services.database.read() as connection:
                await connection.execute(text("SELECT id FROM users WHERE id = :value"), {"value": value})
        await inner_app(scope, receive, send)

    front = ASGITransport(build_front(binds, PAGES), raise_app_exceptions=False)
    headers = {"Accept": "text/html"}
    with capture_logs() as lines:
        async with AsyncClient(
            transport=front, base_url=services.settings.base_url, headers=headers
        ) as browser:
            answer = await browser.get("/broken")

    assert answer.status_code == 500
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["unhandled_error"]
    assert "database_failed" not in {line["event"] for line in lines}
    assert await services.database.revision()
