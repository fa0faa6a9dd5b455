"""Bodies that are too large or never arrive: each is rejected, and few from one address may be pending."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from httpx import AsyncClient
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from autograph_web.http.guards import BodyLimit
from autograph_web.infra.ratelimit.bounds import MOST_BODIES
from tests.support.clients.http import assert_problem, post_json
from tests.support.services.factories import EMAIL

pytestmark = pytest.mark.usefixtures("services")
READ = PlainTextResponse("read")
JSON = {"Content-Type": "application/json"}
LIMIT = 64 * 1024


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    await READ(scope, receive, send)


class Slow:
    """A client that announces more than it sends; `go_on` sends the rest."""

    def __init__(self, ip: str = "203.0.113.9") -> None:
        self.go_on = asyncio.Event()
        self.status, self.headers = 0, dict[bytes, bytes]()
        self._sent = False
        headers = [(b"content-length", b"1000")]
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": "/login",
            "headers": headers,
            "client": (ip, 1),
        }

    async def receive(self) -> Message:
        if not self._sent:
            self._sent = True
            return {"type": "http.request", "body": b"{", "more_body": True}
        await self.go_on.wait()
        return {"type": "http.request", "body": b"}", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])

    async def ask(self, layer: BodyLimit) -> int:
        await layer(self.scope, self.receive, self.send)
        return self.status


async def test_a_body_that_does_not_come_is_ended() -> None:
    client = Slow()

    assert await client.ask(BodyLimit(inner, seconds=0.02)) == 408
    assert client.headers[b"connection"] == b"close"


async def test_few_bodies_of_an_address_are_waited_for() -> None:
    layer = BodyLimit(inner)
    waiting = [Slow() for _ in range(MOST_BODIES)]
    tasks = [asyncio.create_task(client.ask(layer)) for client in waiting]
    await asyncio.sleep(0)
    one_more, elsewhere = Slow(), Slow("203.0.113.10")
    elsewhere.go_on.set()

    assert await one_more.ask(layer) == 429
    assert one_more.headers[b"connection"] == b"close"
    assert one_more.headers[b"retry-after"] == b"1"
    assert await elsewhere.ask(layer) == 200
    for client in waiting:
        client.go_on.set()
    assert await asyncio.gather(*tasks) == [200] * MOST_BODIES
    one_more.go_on.set()
    assert await one_more.ask(layer) == 200


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


def padded(size: int) -> bytes:
    start = b'{"email": "' + EMAIL.encode() + b'", "password": "'
    return start + b"x" * (size - len(start) - 2) + b'"}'


async def test_a_body_of_64_kib_is_read(api: AsyncClient) -> None:
    assert_problem(await post_json(api, padded(LIMIT)), 401, "invalid_credentials")


@pytest.mark.parametrize("path", ["/login", "/token", "/session/sign-in", "/logout", "/nowhere"])
async def test_one_byte_more_is_refused(browser: AsyncClient, path: str) -> None:
    assert_problem(await post_json(browser, padded(LIMIT + 1), path), 413, "body_too_large")


async def pieces(size: int) -> AsyncGenerator[bytes]:
    body = padded(size)
    for start in range(0, size, 8192):
        yield body[start : start + 8192]


@pytest.mark.parametrize("length", [None, "10", "0", "00"])
async def test_a_length_that_is_not_told_or_understated_changes_nothing(
    api: AsyncClient, length: str | None
) -> None:
    headers = JSON | ({"Content-Length": length} if length else {})
    response = await api.post("/login", content=pieces(LIMIT + 1), headers=headers)

    assert_problem(response, 413, "body_too_large")


@pytest.mark.parametrize("length", ["65537", "9" * 30, "-1", "ten", "1e9", "\u0661"])
async def test_a_length_beyond_the_limit_or_senseless_is_refused_unread(
    api: AsyncClient, length: str
) -> None:
    response = await api.post(
        "/login",
        content=b"{}",
        headers=[
            (b"Content-Type", b"application/json"),
            (b"Content-Length", length.encode()),
        ],
    )

    assert_problem(response, 413, "body_too_large")


async def test_a_body_in_pieces_is_put_together(api: AsyncClient) -> None:
    response = await api.post("/login", content=pieces(LIMIT), headers=JSON)

    assert_problem(response, 401, "invalid_credentials")
