"""The real services and the real HTTP application, on a real database and a real Redis."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.container import Services, build_services
from autograph_web.front import build_front
from autograph_web.frontend import PageInfo
from autograph_web.http.bound import Bound
from autograph_web.lifespan import opened
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import AGENT, make_settings
from tests.support.services.randomness import RecordedEntropy

ORIGIN = "http://localhost:3000"
PAGES = {
    name: PageInfo(name, ())
    for name in (
        "index.html",
        "login.html",
        "register.html",
        "password-reset.html",
        "password-reset/confirm.html",
        "not-me.html",
        "dashboard.html",
        "admin.html",
        "admin/flags.html",
        "admin/users.html",
        "forbidden.html",
        "error.html",
        "404.html",
    )
}


class BrokenPage(Exception):
    """What the inner app raises at /broken."""


async def inner_app(scope: Scope, receive: Receive, send: Send) -> None:
    """A stand-in for the pages: it says which file was requested, and raises on request."""
    path = scope["path"]
    if path == "/broken":
        raise BrokenPage("a detail nobody outside may see")
    kind = HTMLResponse if path.endswith(".html") else PlainTextResponse
    await kind(f"page {path}")(scope, receive, send)


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """The settings that a test changes; override with `pytest.mark.parametrize`."""
    return {}


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path, settings_changes: dict[str, Any]) -> Settings:
    """Settings for both databases in turn."""
    return make_settings(
        tmp_path / "data", **{"database_url": database_url, "redis_url": redis_url} | settings_changes
    )


class OpenServices(Protocol):
    """Opens services with a test's own settings; they close with the test."""

    async def __call__(self, settings: Settings) -> Services: ...


@pytest.fixture
async def open_services(
    clock: FakeClock, randomness: RecordedEntropy, mailbox: Mailbox
) -> AsyncGenerator[OpenServices]:
    """Builds and opens services that share the test's clock, randomness and mailbox."""
    async with AsyncExitStack() as stack:

        async def open_with(settings: Settings) -> Services:
            built = await stack.enter_async_context(
                opened(build_services(settings, clock, randomness, mailbox))
            )
            mailbox.watch(built)
            return built

        yield open_with


@pytest.fixture
async def services(settings: Settings, open_services: OpenServices) -> Services:
    """The services of one process."""
    return await open_services(settings)


Connect = Callable[..., AsyncClient]


@pytest.fixture
async def connect(services: Services) -> AsyncGenerator[Connect]:
    """Opens a client of the HTTP application: `connect(ip="203.0.113.9", origin=None, headers={})`."""
    front: ASGIApp = Bound(build_front(inner_app, PAGES), lambda: services)
    base_url = services.settings.base_url
    async with AsyncExitStack() as stack:

        def make(ip: str = "203.0.113.7", origin: str | None = None, **headers: str) -> AsyncClient:
            transport = ASGITransport(front, raise_app_exceptions=False, client=(ip, 50_000))
            given = {"User-Agent": AGENT, **({"Origin": origin} if origin else {}), **headers}
            client = AsyncClient(transport=transport, base_url=base_url, headers=given)
            stack.push_async_callback(client.aclose)
            return client

        yield make


@pytest.fixture
def api(connect: Connect) -> AsyncClient:
    """A REST client, which sends no Origin."""
    return connect()


@pytest.fixture
def browser(connect: Connect, services: Services) -> AsyncClient:
    """A browser on one of our pages: it sends our Origin and asks for HTML."""
    return connect(origin=services.settings.base_url, Accept="text/html")
