"""At the edge: odd cookies beside ours, paths that only look like the websocket's, clients that go away."""

import json
import logging
from typing import Any

import pytest
from httpx import AsyncClient
from pydantic import ValidationError
from socketio import AsyncServer
from starlette.types import Message, Receive, Scope, Send

from autograph_web.http.guards import BodyLimit
from autograph_web.http.pages import Pages
from autograph_web.infra.telemetry.logs import configure_logging
from autograph_web.runtime import Services
from autograph_web.settings import Settings
from tests.support.factories import open_cookie, register


@pytest.mark.parametrize(
    "beside",
    [
        'prefs={"a":1}',
        "note=a b c",
        "flag",
        "a/b=1",
        "a[b]=1",
        "a@b=1",
        "list=[1,2]",
        "expires=1",
        'q="a\\"b"',
    ],
)
async def test_a_cookie_of_another_program_does_not_hide_ours(
    services: Services, api: AsyncClient, beside: str
) -> None:
    await register(services)
    cookie = f"autograph_session={await open_cookie(services)}"

    for header in (f"{beside}; {cookie}", f"{cookie}; {beside}"):
        assert (await api.get("/me", headers={"Cookie": header})).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/_eventx/../dashboard.html",
        "/_events/../dashboard",
        "/_event.x/../dashboard",
        "/_event_/../dashboard",
    ],
)
async def test_what_only_begins_like_the_websocket_is_guarded(services: Services, path: str) -> None:
    reached: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])

    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    pages = Pages(inner, {"/dashboard": "dashboard.html"}, ["/dashboard"], [], {}, {})
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [],
        "query_string": b"",
    }
    await pages(scope, receive, send)

    assert reached == []
    assert answers[0]["status"] in (303, 404)


@pytest.mark.usefixtures("services")
async def test_half_a_body_is_not_acted_upon() -> None:
    reached: list[Scope] = []
    parts: list[Message] = [
        {"type": "http.request", "body": b"email=mina", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope)

    async def receive() -> Message:
        return parts.pop(0)

    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    await BodyLimit(inner)({"type": "http", "method": "POST", "path": "/login", "headers": []}, receive, send)

    assert reached == []
    assert answers[0]["status"] == 400


@pytest.mark.parametrize("origin", ["*", "null", "https://app.northwind.dev/path", "app.northwind.dev"])
def test_an_allowed_origin_is_an_exact_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        Settings(allowed_origins=(origin,))  # pyright: ignore[reportCallIssue]


def test_an_allowed_origin_is_kept_as_browsers_spell_it() -> None:
    settings = Settings(allowed_origins=("https://App.Northwind.dev:443/",))  # pyright: ignore[reportCallIssue]

    assert "https://app.northwind.dev" in settings.origins


def test_the_websocket_server_logs_through_our_handler_alone() -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        configure_logging("DEBUG", "json")
        AsyncServer(async_mode="asgi", json=json)
        for name in ("engineio.server", "socketio.server"):
            assert logging.getLogger(name).handlers == []
            assert logging.getLogger(name).propagate
            assert not logging.getLogger(name).isEnabledFor(logging.WARNING), "it logs every message then"
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
