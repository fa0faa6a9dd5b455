"""Layers that refuse a request before it reaches anybody: too large a body, another site's origin."""

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
from autograph_web.http.refused import Refused
from autograph_web.http.socket_door import refuse_websocket
from autograph_web.infra.errors import DomainError, RateLimited
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.bounds import BODY_S, MOST_BODIES
from autograph_web.runtime import services

_log = structlog.get_logger(__name__)

MOST_BODY_BYTES = 64 * 1024
_MOST_TOLD = 200  # letters of a stranger's header in a line of the log
_REFUSED = "origin_refused"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class BodyLimit:
    """Refuses bodies over 64 KiB, those that take longer than ten seconds, and too many at once.

    Whether the length was announced, understated or not given. An address that has many requests whose bodies
    are still to come is told to come back: each holds a connection open.
    """

    def __init__(self, app: ASGIApp, seconds: float = BODY_S) -> None:
        self._app, self._seconds = app, seconds
        self._coming = Counter[str]()
        self._refused = Refused()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except ClientDisconnect:
            # Half a body must not be acted upon. The client may be there all the same, where what it sent is
            # no chunk (RFC 9112 section 7.1): it is told so.
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
    """Return a refusal after which the connection ends, as the rest of the body is not read."""
    response = problem_response(refusal)
    response.headers["Connection"] = "close"
    return response


async def _read(scope: Scope, receive: Receive) -> bytes:
    # Bodies are this small, so reading them whole here keeps every later reader simple.
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
    """Return a `receive` that gives a body that was read already once more."""
    pending = [True]

    async def replayed() -> Message:
        if pending.pop() if pending else False:
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replayed


class OriginGuard:
    """Lets only our own pages act for a person (CSRF) and only our own pages open the websocket.

    `downloads` are addresses whose GET has a limit: another site's page must not use it up.
    An Origin header, where there is one, must be on the list. Where there is none, or `null` (a proxy that
    sets `Referrer-Policy: no-referrer` causes that), a browser may still say that a page of the same origin
    asks (Fetch Metadata, `Sec-Fetch-Site`), which no script can set. Where it says neither, a browser is not
    asking, which is fine for a bearer token but not for what rides on a cookie, a form or the websocket.
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
    """Return True if a browser says that another site's page leads here (Fetch Metadata, section 2.1)."""
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site", "none")
    return site in ("cross-site", "same-site") and not _listed(headers.get("origin"))


def _note_refusal(scope: Scope) -> None:
    """Say in the log, now and then, which address a page was opened at that is not ours."""
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
    """Return what to tell somebody who opened our page at another address than that of the settings."""
    headers, settings = Headers(scope=scope), services().settings
    origin = urlsplit(headers.get("origin", ""))
    host = headers.get("host", "")
    if host in {urlsplit(own).netloc for own in settings.origins} or origin.netloc not in ("", host):
        return ()
    return (
        f"Open {settings.base_url} instead: you came here by another address.",
        "If that one is right, an administrator must set AUTOGRAPH_BASE_URL to it.",
    )


def _listed(origin: str | None) -> bool:
    return origin is not None and origin in services().settings.origins
