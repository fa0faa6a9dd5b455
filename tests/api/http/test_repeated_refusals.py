"""An address that keeps sending after a 429 is refused before any of its requests is read."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from autograph_web.http.repeated_refusals import RepeatedRefusals
from autograph_web.infra.ratelimit.bounds import REFUSALS_A_SECOND, REFUSALS_AT_ONCE

pytestmark = pytest.mark.usefixtures("services")
MANY, ONE = "203.0.113.9", "203.0.113.10"


class Server:
    """A layer in front of an app that answers a path with its number, and the responses."""

    def __init__(self) -> None:
        self.now, self.worked_on = 1000.0, 0
        self.layer = RepeatedRefusals(self._app, lambda: self.now)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.worked_on += 1
        if scope["path"] == "/gone":
            return
        if scope["type"] == "websocket":
            await send({"type": f"websocket.{scope['path'].strip('/')}"})
            return
        await PlainTextResponse("done", int(scope["path"].rsplit("/", 1)[1]))(scope, receive, send)

    async def ask(
        self, path: str, ip: str = MANY, *, kind: str = "http", accept: bytes = b"*/*"
    ) -> list[Message]:
        """Send one request, or one handshake, and return the response."""
        answered: list[Message] = []

        async def receive() -> Message:
            return {"type": f"{kind}.disconnect"}

        async def send(message: Message) -> None:
            answered.append(message)

        headers = [(b"accept", accept), (b"sec-fetch-mode", b"navigate" if b"html" in accept else b"cors")]
        scope: Scope = {"type": kind, "method": "GET", "path": path, "headers": headers, "client": (ip, 1)}
        await self.layer(scope, receive, send)
        return answered

    async def spend(self, path: str, *, kind: str = "http") -> None:
        for _ in range(REFUSALS_AT_ONCE):
            await self.ask(path, kind=kind)
        assert self.worked_on == REFUSALS_AT_ONCE


@pytest.mark.parametrize(("path", "kind"), [("/429", "http"), ("/gone", "http"), ("/close", "websocket")])
async def test_what_is_refused_again_and_again_is_not_worked_on_any_more(path: str, kind: str) -> None:
    server = Server()
    await server.spend(path, kind=kind)

    [start, body] = await server.ask("/200")
    [closed] = await server.ask("/accept", kind="websocket")

    assert server.worked_on == REFUSALS_AT_ONCE
    assert start["status"] == 429
    headers = dict(start["headers"])
    assert headers[b"retry-after"] == b"1"
    assert headers[b"content-type"] == b"application/problem+json"
    assert b"x-content-type-options" in headers
    assert b'"code": "rate_limited"' in body["body"]
    assert closed["type"] == "websocket.close"


async def test_others_and_probes_are_served_meanwhile() -> None:
    server = Server()
    await server.spend("/429")

    assert (await server.ask("/200", ONE))[0]["status"] == 200
    assert (await server.ask("/health/200"))[0]["status"] == 200


async def test_a_second_gives_back_what_a_second_allows_and_no_more() -> None:
    server = Server()
    await server.spend("/429")

    server.now += 1
    for _ in range(3 * REFUSALS_A_SECOND):
        await server.ask("/429")

    assert server.worked_on == REFUSALS_AT_ONCE + REFUSALS_A_SECOND


@pytest.mark.parametrize("path", ["/200", "/303", "/401", "/404", "/422", "/503"])
async def test_what_is_answered_otherwise_never_counts(path: str) -> None:
    server = Server()
    for _ in range(3 * REFUSALS_AT_ONCE):
        assert (await server.ask(path))[0]["status"] == int(path.strip("/"))


async def test_an_open_websocket_never_counts() -> None:
    server = Server()
    for _ in range(3 * REFUSALS_AT_ONCE):
        assert (await server.ask("/accept", kind="websocket"))[0]["type"] == "websocket.accept"


async def test_a_person_reads_a_page() -> None:
    server = Server()
    await server.spend("/429")

    [start, body] = await server.ask("/200", accept=b"text/html")

    assert start["status"] == 429
    assert dict(start["headers"])[b"content-type"].startswith(b"text/html")
    assert b"<html" in body["body"]
