"""Middleware that shows a page instead of a problem document to a user who navigated there."""

import json
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.http.cookies import LONGEST_HEADER
from autograph_web.http.error_responses import error_page_of, is_navigation
from autograph_web.http.errors import CookiesTooLarge
from autograph_web.http.problems import MEDIA_TYPE, problem_response


class RefusalPages:
    """Answers a browser's failed navigation with a page that has the same message.

    The code that raises the error (form, guard, REST) need not consider this. Status and other headers stay.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "http" or not is_navigation(scope):
            await self._app(scope, receive, send)
            return
        turning = _Turning(scope, send)
        if len(Headers(scope=scope).get("cookie", "")) > LONGEST_HEADER:
            # No cookie is read then, so any other response would look as if the user were signed out.
            await problem_response(CookiesTooLarge())(scope, receive, turning)
            return
        await self._app(scope, receive, turning)


class _Turning:
    """Forwards every message except a problem document, which it buffers until it is complete."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith(MEDIA_TYPE):
                self._start = message
                return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = bytes(self._body)
        page = error_page_of(self._scope, start["status"], _detail(body))
        if page is not None:
            body = page.encode()
            headers = MutableHeaders(scope=start)
            headers["Content-Type"] = "text/html; charset=utf-8"
            headers["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _detail(body: bytes) -> str:
    problem: dict[str, Any] = json.loads(body)
    return str(problem["detail"])
