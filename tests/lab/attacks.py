"""Attacks on a server; a new one is a subclass of `Attack` and nothing else."""

import asyncio
import base64
import json
import os
import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit
from uuid import uuid4

from simple_websocket.errors import SimpleWebsocketError

from autograph_web.ui.handlers import page_handlers
from tests.journeys.forged_socket import REGISTER, ROOT_STATE, SIGN_IN, ForgedSocket, forged, socket_path
from tests.support.browser.visitor import unique_address
from tests.support.product.authorisation import handlers, reflex_app

_FRAME = 4_000_000
_TEXT, _WHOLE = 0x01, 0x80
_GONE = (SimpleWebsocketError, ConnectionError, OSError, TimeoutError, AssertionError)
_PAGE_ERRORS = f"{ROOT_STATE}.reflex___state____frontend_event_exception_state.handle_frontend_exception"


class Attack(ABC):
    """One attack from one address, for so many seconds."""

    kinds: ClassVar[dict[str, type["Attack"]]] = {}
    about: ClassVar[str]
    at_once: ClassVar[int] = 20
    """How many of them run concurrently."""

    def __init_subclass__(cls) -> None:
        """Add it to the registry."""
        super().__init_subclass__()
        Attack.kinds[cls.__name__] = cls

    def __init__(self, base_url: str) -> None:
        """Store the target of the attack."""
        self.address = unique_address()
        self.base_url, self.port = base_url, cast(int, urlsplit(base_url).port)

    async def go_on(self, seconds: float) -> int:
        """Attack for this many seconds; return how many attempts were made."""
        deadline, tries = time.monotonic() + seconds, 0

        async def one_after_the_other() -> None:
            nonlocal tries
            while True:
                tries += 1
                with suppress(*_GONE):
                    async with asyncio.timeout(max(0.1, deadline - time.monotonic())):
                        await self.once()
                if time.monotonic() >= deadline:
                    return

        await asyncio.gather(*(one_after_the_other() for _ in range(self.at_once)))
        await asyncio.sleep(0.1)  # in which the closed connections are cleaned up
        return tries

    @abstractmethod
    def once(self) -> Awaitable[None]:
        """Make one attempt."""

    def page(self, *, deaf: bool = False) -> Any:
        """Connect as a page does; `deaf` to pings if requested."""
        return forged(self.base_url, headers={"X-Forwarded-For": self.address}, deaf=deaf)

    @asynccontextmanager
    async def raw(self, text: bytes) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Open a connection, send bytes, and abort the connection at the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(text)
            await writer.drain()
            yield reader, writer
        finally:
            writer.transport.abort()  # close() would wait for the server to read what is left to send

    def upgrade(self) -> AbstractAsyncContextManager[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Request a websocket on a new connection."""
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {socket_path(str(uuid4()))} HTTP/1.1",
            *(f"Host: localhost:{self.port}", f"Origin: {self.base_url}", f"X-Forwarded-For: {self.address}"),
            *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
            *(f"Sec-WebSocket-Key: {key}", "", ""),
        )
        return self.raw("\r\n".join(head).encode())


def _frame(opcode: int, payload: bytes) -> bytes:
    """Return a frame (RFC 6455 section 5.2) with a mask of zeros, which leaves the payload as it is."""
    return bytes([opcode, 0xFF]) + len(payload).to_bytes(8, "big") + bytes(4) + payload


class SlowBodies(Attack):
    """Requests whose bodies never arrive."""

    about, at_once = "1,100 requests with one byte of their bodies", 1100

    async def once(self) -> None:
        """Announce a thousand bytes, send one, and wait for the response."""
        head = f"POST /login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {self.address}\r\n"
        async with self.raw(f"{head}Content-Length: 1000\r\n\r\n{{".encode()) as (reader, _):
            await reader.read(100)
            await asyncio.sleep(1)


class SilentConnections(Attack):
    """Connections that send nothing."""

    about, at_once = "3,000 connections that send nothing", 3000

    async def once(self) -> None:
        """Connect and wait."""
        async with self.raw(b"") as (reader, _):
            await reader.read(1)


class UnfinishedFrames(Attack):
    """Messages that never end."""

    about, at_once = "websocket messages that never end", 6

    async def once(self) -> None:
        """Open a websocket and send continuations (RFC 6455 section 5.4) of a text message."""
        async with self.upgrade() as (reader, writer):
            if b"101" not in await reader.readline():
                return
            for number in range(15):
                writer.write(_frame(0 if number else _TEXT, b"4" * _FRAME))
                await writer.drain()
            while await reader.read(1000):
                pass


class NewTabs(Attack):
    """Visits by clients that never return."""

    about = "a new tab each time, that loads the sign-in page and closes"

    async def once(self) -> None:
        """Open a page once."""
        async with self.page() as socket:
            await cast(ForgedSocket, socket).hydrate("/login")


class LongNames(Attack):
    """Tabs with names as long as a request permits."""

    about = "tabs whose names have 60,000 letters"

    async def once(self) -> None:
        """Connect once."""
        async with forged(self.base_url, token="a" * 60_000, headers={"X-Forwarded-For": self.address}):
            pass


class QuickEvents(Attack):
    """Events that cost little."""

    about = "events without end"

    async def once(self) -> None:
        """Send until the connection is closed."""
        async with self.page() as socket:
            await socket.hydrate("/login")
            while True:
                await socket.call(f"{SIGN_IN}.note_email", {"email": "a@b.example"}, "/login")
                await asyncio.sleep(0)


class CostlyEvents(Attack):
    """Events with the highest possible cost."""

    about = "long passwords to estimate, and pages that load again"

    async def once(self) -> None:
        """Send until the connection is closed."""
        async with self.page() as socket:
            await socket.hydrate("/register")
            while True:
                typed = {"password": "inkon graph9 " * 70, "answers": 0}
                await socket.call(f"{REGISTER}.assess", typed, "/register")
                await socket.call(f"{ROOT_STATE}.hydrate_and_load", {}, "/register")
                await asyncio.sleep(0)


class UnknownEvents(Attack):
    """Events without a handler."""

    about = "handlers that do not exist"

    async def once(self) -> None:
        """Send until the connection is closed."""
        async with self.page() as socket:
            while True:
                await socket.call(f"{ROOT_STATE}.nobody", {}, "/login")
                await asyncio.sleep(0)


class PageErrors(Attack):
    """Reports of fictitious page errors, with text for which a pattern of Reflex takes quadratic time."""

    about = "errors of 40 kB that pages report"

    async def once(self) -> None:
        """Send until the connection is closed."""
        async with self.page() as socket:
            while True:
                info = 'TypeError: can\'t access property "", ' * 1100
                await socket.call(_PAGE_ERRORS, {"info": info, "component_stack": ""}, "/login")
                await asyncio.sleep(0)


class FuzzedFrames(Attack):
    """Frames of all kinds to every handler that Reflex knows, including its own."""

    about = "fuzzed frames to every handler that is registered"
    values: ClassVar[tuple[Any, ...]] = (None, 7, -1, 1e308, "", "\0", "x" * 3000, [], {}, [{}], {"a": []})
    frames: ClassVar[tuple[str, ...]] = ("4", "42", "451-/_event,", "40/other,", "b4", "\ud7ff", "42/_event,")

    async def once(self) -> None:
        """Call a few handlers with valid and invalid arguments, then send something that is not a call."""
        chance = random.Random()
        reflex_app()
        known = page_handlers()
        async with self.page() as socket:
            await socket.hydrate("/login")
            for name in chance.sample(sorted(handlers().values()), 12):
                arguments = known[name].known if name in known else frozenset({"value", "vars", "info"})
                await socket.call(name, {one: chance.choice(self.values) for one in arguments}, "/login")
            await socket.settle()
            text = json.dumps(["event", {"name": SIGN_IN, "payload": chance.choice(self.values)}])
            cut = chance.randrange(len(text))
            for frame in chance.sample(self.frames, 3):
                await socket.say(frame + text[:cut])


class DeadSockets(Attack):
    """Pages that never answer a ping."""

    about, at_once = "pages that hold their websockets and answer no ping", 150

    async def once(self) -> None:
        """Load, and answer nothing from then on."""
        async with self.page(deaf=True) as socket:
            await socket.hydrate("/login")
            await asyncio.sleep(12)


class DeafSockets(Attack):
    """Pages that keep sending requests, and read none of the responses."""

    about, at_once = "pages that load again and again and never read what they are sent", 50

    async def once(self) -> None:
        """Load repeatedly; the responses fill the buffers at both ends, and then the server's own."""
        async with self.upgrade() as (reader, writer):
            if b"101" not in await reader.readline():
                return
            name, place = f"{ROOT_STATE}.hydrate_and_load", {"pathname": "/login", "asPath": "/login"}
            event = json.dumps(["event", {"name": name, "payload": {"hashes": []}, "router_data": place}])
            writer.write(_frame(_TEXT | _WHOLE, b"40/_event,{}"))
            while True:
                writer.write(_frame(_TEXT | _WHOLE, f"42/_event,{event}".encode()))
                await writer.drain()
                await asyncio.sleep(0.1)


class CutConnections(Attack):
    """Connections that break at any point."""

    about = "connections that are cut in the middle of a request or event"

    async def once(self) -> None:
        """Begin and disconnect."""
        body = b'{"email": "a@b.example", "password": "x"}'
        head = f"POST /login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {self.address}\r\n"
        typed = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        async with self.raw(head.encode() + typed.encode() + body):
            pass
        async with self.page() as socket:
            await socket.call(f"{ROOT_STATE}.hydrate_and_load", {}, "/login")
