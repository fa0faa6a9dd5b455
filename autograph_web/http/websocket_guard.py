"""Admission control of the websocket: who may connect, what is kept, and what pages may send how fast.

Processing behind it is more expensive: Reflex parses a message, loads the state of the tab from Redis, runs a
handler, and creates a state if there is none. So a message that our pages never send is rejected here.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qs

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.http.browsers import bound, tab_name
from autograph_web.http.client import address_of
from autograph_web.http.cookies import LONGEST_HEADER, session_cookie
from autograph_web.http.page_frames import CLOSE, Arguments, Frame, NotOurs, Reader
from autograph_web.infra.errors import DomainError
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit import bounds
from autograph_web.infra.ratelimit.token_bucket import TokenBucket, TokenBuckets
from autograph_web.infra.telemetry.error_text import without_values
from autograph_web.infra.telemetry.log_throttle import SHORT_S, LogThrottle
from autograph_web.infra.telemetry.metrics import meters
from autograph_web.runtime import services

_log = structlog.get_logger(__name__)

_SOCKET = "/_event"
_TOKEN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_QUERY = 512
# The form of handler names; a client may send any text.
_HANDLER = re.compile(r"[a-z_]+(?:\.[a-z_]+)*")
# The headers of a handshake that are kept, and their maximum lengths; overlong cookies are dropped entirely.
_KEPT = (b"host", b"origin", b"user-agent", b"upgrade", b"connection", b"cookie")
_KEPT_BEGINNING = b"sec-websocket-"
_LONGEST_KEPT, _LONGEST_FORWARDED = 512, 2048
_GOING_AWAY, _POLICY, _TRY_LATER = 1001, 1008, 1013


KnownTab = Callable[[str], Awaitable[bool]]
"""Returns whether a tab was known before, by the name derived for its browser."""


class WebsocketGuard:
    """Admits the connections of pages and forwards their messages.

    `handlers` are those that pages may call; without `is_known` no tab counts as new.
    """

    def __init__(
        self,
        app: ASGIApp,
        handlers: Mapping[str, Arguments],
        is_known: KnownTab | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._reader, self._now = app, Reader(handlers), now
        self._open, self._strange = Counter[str](), Counter[str]()
        self._paces = TokenBuckets(now, bounds.ADDRESS_UNITS_A_SECOND, bounds.ADDRESS_UNITS_AT_ONCE)
        self._new_tabs = TokenBuckets(now, bounds.TAB_UNITS_A_SECOND, bounds.TABS_AT_ONCE)
        self._is_known = is_known
        self._told = WebsocketRejections(now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        address = address_bucket(address_of(scope, services().settings))
        scope = bound(scope)
        reason = await self._why_not(scope, address)
        if reason:
            self._told.refused(reason, address)
            await refuse_websocket(send, reason)
            return
        stranger = not await is_signed_in(Headers(scope=scope).get("cookie", ""))
        if stranger and self._strange[address] >= bounds.MOST_STRANGE_WEBSOCKETS:
            self._told.refused("too_many", address)
            await refuse_websocket(send, "too_many")
            return
        self._open[address] += 1
        self._strange[address] += stranger
        meters().websockets.inc()
        try:
            talk = _Talk(self._reader, self._paces, self._told, self._now, address, receive, send)
            await self._app(_cut(scope), talk.receive, talk.send)
        finally:
            meters().websockets.dec()
            self._open[address] -= 1
            self._strange[address] -= stranger
            if not self._open[address]:
                del self._open[address], self._strange[address]

    async def _why_not(self, scope: Scope, address: str) -> str:
        token = _token(scope)
        if not token:
            return "token"
        # Each open page keeps state on the server, so the number of pages per address must be bounded.
        if self._open[address] >= bounds.MOST_WEBSOCKETS:
            return "too_many"
        if self._paces.take(address, bounds.HANDSHAKE_UNITS) is None:
            return "too_fast"
        if self._is_known is None or await self._is_known(tab_name(scope, token)):
            return ""
        return "" if self._new_tabs.take(address, 1) is not None else "too_many_new"


class WebsocketRejections:
    """Logs rejections: at most one short line in ten seconds for each kind."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._seldom = LogThrottle(now, SHORT_S)

    def refused(self, reason: str, address: str, handler: str = "") -> None:
        """Record that something from `address` was rejected; `reason` is a fixed name."""
        if self._seldom.allows(reason):
            named = {"handler": handler if _HANDLER.fullmatch(handler) else f"[{len(handler)} letters]"}
            named = named if handler else {}
            _log.warning("websocket_refused", reason=reason, address=address, **named)

    def page_error(self, text: str) -> None:
        """Log an error reported by a page; the report is untrusted."""
        if self._seldom.allows("page_error"):
            _log.warning("page_error", text=without_values(text))


class _Talk:
    """One connection: incoming messages are validated first, and a closing server message ends it."""

    def __init__(
        self,
        reader: Reader,
        paces: TokenBuckets,
        told: WebsocketRejections,
        now: Callable[[], float],
        address: str,
        receive: Receive,
        send: Send,
    ) -> None:
        self._reader, self._paces, self._told, self._address = reader, paces, told, address
        self._receive, self._send = receive, send
        self._own = TokenBucket(now, bounds.SOCKET_UNITS_A_SECOND, bounds.SOCKET_UNITS_AT_ONCE)
        self._connects = self._unknown = 0
        self._over = self._left = False
        self._waiting: asyncio.Future[Message] | None = None

    async def receive(self) -> Message:
        """Return the next accepted message, or the disconnection."""
        while (message := await self._next())["type"] == "websocket.receive":
            text = message.get("text")
            try:
                frame = self._reader.read(text) if isinstance(text, str) else None
            except NotOurs as wrong:
                return await self._end(str(wrong), _POLICY)
            if frame is None:
                return await self._end("binary", _POLICY)
            reason = await self._judge(frame)
            if reason:
                return await self._end(reason, _POLICY if reason == "unknown_events" else _TRY_LATER)
            if frame.text:
                return {"type": "websocket.receive", "text": frame.text}
        return message

    async def _next(self) -> Message:
        """Return the next message; after the server's close frame, the disconnection."""
        if not self._over:
            self._waiting = asyncio.ensure_future(self._receive())
            try:
                return await self._waiting
            except asyncio.CancelledError:
                if not self._over:
                    raise
        if self._left:
            self._left = False
            await self._send({"type": "websocket.close", "code": _GOING_AWAY})
        return {"type": "websocket.disconnect", "code": _GOING_AWAY}

    async def send(self, message: Message) -> None:
        """Forward a message of the server while the connection is open; its close frame ends the connection.

        Engine.IO leaves closing to the client, which ignores that frame on a websocket and waits for the next
        ping.
        """
        if self._over:
            return
        await self._send(message)
        if message.get("text") == CLOSE:
            self._over = self._left = True
            if self._waiting is not None:
                self._waiting.cancel()  # Granian does not close a connection while a receive is pending

    async def _judge(self, frame: Frame) -> str:
        if frame.unknown:
            self._unknown += 1
            self._told.refused("unknown_event", self._address, frame.unknown)
        if frame.page_error:
            self._told.page_error(frame.page_error)
        self._connects += frame.connects
        if self._unknown > bounds.MOST_REFUSED_EVENTS or self._connects > bounds.MOST_CONNECTS:
            return "unknown_events"
        if self._own.take(frame.units) is None:
            return "too_many_events"
        wait = self._paces.take(self._address, frame.units, bounds.LONGEST_TURN_S)
        if wait is None:
            return "too_many_events_of_an_address"
        if wait:
            await asyncio.sleep(wait)
        return ""

    async def _end(self, reason: str, code: int) -> Message:
        self._told.refused(reason, self._address)
        meters().websockets_refused.labels(reason).inc()
        await self._send({"type": "websocket.close", "code": code})
        self._over = True
        return {"type": "websocket.disconnect", "code": code}


async def refuse_websocket(send: Send, reason: str) -> None:
    """Reject a handshake: closing before accepting makes the server answer 403."""
    meters().websockets_refused.labels(reason).inc()
    await send({"type": "websocket.close", "code": _POLICY})


async def is_signed_in(cookie_header: str) -> bool:
    """Return True if a Cookie header contains a valid session."""
    cookie = session_cookie(services().settings, cookie_header)
    if cookie is None:
        return False
    try:
        await services().sessions.authenticate_cookie(cookie)
    except DomainError:
        return False
    return True


def _token(scope: Scope) -> str:
    """Return the UUID that identifies a tab in the URL, or "" if it is missing or malformed."""
    query: bytes = scope.get("query_string", b"")
    if f"{scope['path']}/" not in (f"{_SOCKET}/", f"{_SOCKET}//") or len(query) > _LONGEST_QUERY:
        return ""
    tokens = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("token", [])
    return tokens[0] if len(tokens) == 1 and _TOKEN.fullmatch(tokens[0]) else ""


def _cut(scope: Scope) -> Scope:
    """Return `scope` with only the headers needed, since they stay in memory, and in Redis with the tab."""
    forwarded = services().settings.forwarded_header.encode("ascii")
    kept: list[tuple[bytes, bytes]] = []
    for name, value in scope["headers"]:
        if name == forwarded:
            kept.append((name, value[-_LONGEST_FORWARDED:]))
        elif name == b"cookie" and len(Headers(scope=scope).get("cookie", "")) <= LONGEST_HEADER:
            kept.append((name, value))
        elif name != b"cookie" and (name in _KEPT or name.startswith(_KEPT_BEGINNING)):
            kept.append((name, value[:_LONGEST_KEPT]))
    return {**scope, "headers": kept}
