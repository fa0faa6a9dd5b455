"""A small HTTP/1.1 client with only what a load needs: keep-alive connections on raw sockets."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Protocol, cast

from tests.benchmarks.figures import Timed

_PATIENCE_S = 30.0  # none of our loads takes half as long
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Wrong(Exception):
    """A response is not what it must be: the whole run is void."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the body of one response."""

    status: int
    body: bytes

    def json(self, status: int = 200) -> Any:
        """The parsed body, provided the status is the expected one."""
        if self.status != status:
            raise Wrong(f"{self.status} instead of {status}: {self.body[:300].decode(errors='replace')}")
        return json.loads(self.body)


def get(path: str, token: str = "") -> bytes:
    """A GET request as sent, with a bearer token if one is given."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{_credential(token)}\r\n".encode()


def post(path: str, value: object, address: str, token: str = "") -> bytes:
    """A POST request with a JSON body, as a proxy would forward it for the client at `address`."""
    body = json.dumps(value).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\n{_credential(token)}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _credential(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n" if token else ""


class Connection(asyncio.Protocol):
    """One connection that carries one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to a server of this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its response."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, ended, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not ended or len(body) < int(length[1] if length else 0):
            return
        self._buffer = b""
        self._settle(Answer(int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle(Wrong(f"the server closed the connection ({exc or 'no error'})"))

    def _settle(self, outcome: Answer | Exception) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is None or waiting.done():
            return
        if isinstance(outcome, Answer):
            waiting.set_result(outcome)
        else:
            waiting.set_exception(outcome)


class Exchange(Protocol):
    """What one client sends repeatedly, and the response it must receive."""

    def request(self) -> bytes:
        """The next request."""
        ...

    def hear(self, answer: Answer) -> None:
        """Check a response; `Wrong` ends the run."""
        ...


async def for_seconds(port: int, exchanges: Sequence[Exchange], seconds: float) -> Timed:
    """Keep one request of each exchange in flight for this many seconds."""
    ended, waits = list[float](), list[float]()
    start = time.perf_counter()
    await _converse(port, exchanges, lambda: time.perf_counter() < start + seconds, waits, ended)
    return Timed.of(waits, ended[-1] - start)


async def for_answers(
    port: int, exchanges: Sequence[Exchange], answers: int, first: int = 0, over: asyncio.Event | None = None
) -> Timed:
    """Keep one request of each exchange in flight; measure this many responses, from the one after `first`.

    The load continues until the last of them has arrived and `over` is set, so neither its beginning nor its
    end counts.
    """
    ended, waits, over = list[float](), list[float](), over or asyncio.Event()

    def more() -> bool:
        if len(waits) >= first + answers:
            over.set()
        return not over.is_set()

    start = time.perf_counter()
    await _converse(port, exchanges, more, waits, ended)
    begin = ended[first - 1] if first else start
    return Timed.of(waits[first : first + answers], ended[first + answers - 1] - begin)


async def once(port: int, exchanges: Sequence[Exchange]) -> None:
    """Send every request once, all of them at the same time."""
    asked = iter(range(len(exchanges)))
    await _converse(port, exchanges, lambda: next(asked, None) is not None, [], [])


async def every_one(port: int, exchanges: Sequence[Exchange], at_once: int = 16) -> None:
    """Send every request once, this many of them at the same time."""
    for first in range(0, len(exchanges), at_once):
        await once(port, exchanges[first : first + at_once])


async def every(port: int, exchanges: Sequence[Exchange], interval: float, until: asyncio.Event) -> Timed:
    """Send one request each `interval` seconds, regardless of the responses, until the event is set.

    If a connection is still busy, another one is opened, so a slow response delays no other request.
    """
    waits, idle = list[float](), [await Connection.open(port) for _ in exchanges]

    async def speak(exchange: Exchange) -> None:
        connection = idle.pop() if idle else await Connection.open(port)
        waits.append(await _ask(connection, exchange))
        idle.append(connection)

    start = due = time.perf_counter()
    async with asyncio.timeout(_PATIENCE_S), asyncio.TaskGroup() as group:
        for exchange in cycle(exchanges):
            group.create_task(speak(exchange))
            due += interval
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if until.is_set():
                break
    seconds = time.perf_counter() - start
    for connection in idle:
        connection.close()
    return Timed.of(waits, seconds)


async def _converse(
    port: int, exchanges: Sequence[Exchange], more: Callable[[], bool], waits: list[float], ended: list[float]
) -> None:
    connections = [await Connection.open(port) for _ in exchanges]

    async def speak(connection: Connection, exchange: Exchange) -> None:
        while more():
            waits.append(await _ask(connection, exchange))
            ended.append(time.perf_counter())

    try:
        async with asyncio.timeout(_PATIENCE_S), asyncio.TaskGroup() as group:
            for connection, exchange in zip(connections, exchanges, strict=True):
                group.create_task(speak(connection, exchange))
    finally:
        for connection in connections:
            connection.close()


async def _ask(connection: Connection, exchange: Exchange) -> float:
    request, start = exchange.request(), time.perf_counter()
    answer = await connection.ask(request)
    seconds = time.perf_counter() - start
    exchange.hear(answer)
    return seconds
