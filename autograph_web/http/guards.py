"""Middleware that rejects requests early: bodies that are too large, and foreign origins (CSRF)."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.http.client import address_of
from autograph_web.http.cookies import session_cookie
from autograph_web.http.errors import BodyTooLarge, BodyTooSlow, MalformedBody, OriginRefused
from autograph_web.http.problems import problem_response
from autograph_web.http.rejection_log import RejectionLog
from autograph_web.http.websocket_guard import refuse_websocket
from autograph_web.infra.errors import DomainError, RateLimited
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.bounds import BODY_S, MOST_BODIES
from autograph_web.runtime import services

_log = structlog.get_logger(__name__)

MOST_BODY_BYTES = 64 * 1024
_MOST_TOLD = 200  # characters of a client's header in a log line
_REFUSED = "origin_refused"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class BodyLimit:
    """Rejects bodies over 64 KiB, those that take longer than the time limit, and too many at once.

    The limit applies whether Content-Length was given, understated or missing. An address with many requests
    whose bodies are still arriving receives 429, because each of them holds a connection open.
    """

    def __init__(self, app: ASGIApp, seconds: float = BODY_S) -> None:
        self._app, self._seconds = app, seconds
        self._coming = Counter[str]()
        self._refused = RejectionLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except ClientDisconnect:
            # A partial body must not be processed. The client may still be connected if what it sent is not a
            # valid chunk (RFC 9112 section 7.1); therefore a response is sent.
            await _ending(MalformedBody())(scope, receive, send)
            return
        except DomainError as refusal:
            await _ending(refusal)(scope, receive, send)
            return
        await self._app(scope, replay(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        address = address_bucket(address_of(scope, services().settings))
        if self._coming[address] >= MOST_BODIES:
            self._refused.tell("too_many_bodies", address)
            raise RateLimited(retry_after=1)
        self._coming[address] += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await _read(scope, receive)
        except TimeoutError:
            self._refused.tell("body_too_slow", address)
            raise BodyTooSlow from None
        finally:
            self._coming[address] -= 1
            if not self._coming[address]:
                del self._coming[address]


def _ending(refusal: DomainError) -> Response:
    """Return an error response that closes the connection, because the rest of the body is not read."""
    response = problem_response(refusal)
    response.headers["Connection"] = "close"
    return response


async def _read(scope: Scope, receive: Receive) -> bytes:
    # Bodies are small; reading them completely here keeps all later code simple.
    if _announced(scope) > MOST_BODY_BYTES:
        raise BodyTooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else MOST_BODY_BYTES + 1


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that delivers a body that has already been read."""
    pending = [True]

    async def replayed() -> Message:
        if pending.pop() if pending else False:
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replayed


class OriginGuard:
    """Accepts state-changing requests and websockets only from our own pages (CSRF protection).

    `downloads` are paths whose GET is rate limited: a page of another site must not use up the limit.

    An Origin header, if present, must be on the list of allowed origins. If it is missing, or `null` (caused
    by a proxy that sets `Referrer-Policy: no-referrer`), the browser may still assert that the request comes
    from a page of the same origin (Fetch Metadata, `Sec-Fetch-Site`), which no script can forge. If both are
    missing, the client is not a browser, which is accepted for a bearer token but not for a cookie, a form or
    the websocket.
    """

    def __init__(self, app: ASGIApp, forms: Iterable[str], downloads: Iterable[str] = ()) -> None:
        self._app, self._forms, self._downloads = app, frozenset(forms), frozenset(downloads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] == "websocket" and not _listed(Headers(scope=scope).get("origin")):
            _note_refusal(scope)
            await refuse_websocket(send, "origin")
            return
        if scope["type"] == "http" and self._is_refused(scope):
            _note_refusal(scope)
            await problem_response(OriginRefused(reasons=_elsewhere(scope)))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_refused(self, scope: Scope) -> bool:
        if scope["method"] in _SAFE_METHODS:
            return scope["path"] in self._downloads and _from_elsewhere(scope)
        return self._forged(scope)

    def _forged(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if _listed(origin) or (origin in (None, "null") and headers.get("sec-fetch-site") == "same-origin"):
            return False
        if origin is not None:
            return True
        return (
            scope["path"] in self._forms
            or session_cookie(services().settings, headers.get("cookie", "")) is not None
        )


def _from_elsewhere(scope: Scope) -> bool:
    """Return True if, according to the browser, the request comes from another site (Fetch Metadata, 2.1)."""
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site", "none")
    return site in ("cross-site", "same-site") and not _listed(headers.get("origin"))


def _note_refusal(scope: Scope) -> None:
    """Log, at a limited rate, the foreign address at which a page was opened."""
    if services().log_throttle.allows(_REFUSED):
        headers, settings = Headers(scope=scope), services().settings
        _log.warning(
            _REFUSED,
            origin=headers.get("origin", "")[:_MOST_TOLD],
            host=headers.get("host", "")[:_MOST_TOLD],
            base_url=settings.base_url,
            advice="people must use the address of AUTOGRAPH_BASE_URL",
        )


def _elsewhere(scope: Scope) -> tuple[str, ...]:
    """Return hints for a user who opened our page at an address other than the configured one."""
    headers, settings = Headers(scope=scope), services().settings
    origin = urlsplit(headers.get("origin", ""))
    host = headers.get("host", "")
    if host in {urlsplit(own).netloc for own in settings.origins} or origin.netloc not in ("", host):
        return ()
    return (
        f"You opened this site at a different URL. Open {settings.base_url} instead.",
        "If the URL you used is correct, an administrator must set AUTOGRAPH_BASE_URL to it.",
    )


def _listed(origin: str | None) -> bool:
    return origin is not None and origin in services().settings.origins
