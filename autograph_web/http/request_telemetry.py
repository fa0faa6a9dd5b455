"""Middleware around all others: measures every request, logs its outcome, and defines its request scope."""

from collections.abc import Collection
from functools import cache
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.http.client import request_id_of
from autograph_web.infra.context import RequestScope, begin_request, end_request
from autograph_web.infra.telemetry import tracing
from autograph_web.infra.telemetry.logs import access_line
from autograph_web.infra.telemetry.metrics import meters
from autograph_web.infra.telemetry.tracing import Span
from autograph_web.runtime import services

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SOCKET = "/_event"
OTHER, FILE = "(other)", "(file)"
"""The route label of requests without a route, and of those for a static file."""
# Requested continuously by monitoring and browsers; logged only on failure.
_ROUTINE = frozenset({"/health/live", "/health/ready", "/metrics", FILE})


class RequestTelemetry:
    """Observes every request; `paths` are those that are used as route labels.

    A request is counted by its route template, never by its path, which the client chooses freely.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self._app, self._paths = app, frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings = services().settings
        current, token = begin_request(request_id_of(scope, settings))
        began, status = perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])  # some code passes a member of HTTPStatus
            await send(message)

        with self._span(scope, settings.trusted_proxy_hops) as span:
            current.trace_id = span.trace_id
            try:
                await self._app(scope, receive, noted)
            finally:
                end_request(token)
                method, route = _method(scope), self._route(scope)
                _tell(span, method, route, status, current)
                self._note(method, route, status, perf_counter() - began, current, settings.access_log)

    def _span(self, scope: Scope, hops: int) -> Span:
        if not tracing.is_on():
            return tracing.span("request")
        # Any client may send a traceparent; it is used only if a trusted proxy can have set it.
        parent = tracing.pick(scope["headers"]) if hops else None
        return tracing.span("request", "SERVER", parent)

    def _note(
        self, method: str, route: str, status: int, seconds: float, current: RequestScope, logged: bool
    ) -> None:
        _timer(method, route, status // 100).observe(seconds)
        if logged and (status >= 500 or route not in _ROUTINE):
            access_line("request", current, method=method, route=route, status=status, ms=_ms(seconds))

    def _route(self, scope: Scope) -> str:
        template = getattr(scope.get("route"), "path", "")
        if template:
            return template
        path: str = scope["path"]
        if path in self._paths:
            return path
        return self._of_page(path)

    def _of_page(self, path: str) -> str:
        plain = path.rstrip("/")
        if plain in self._paths:
            return plain
        if plain.startswith(_SOCKET):
            return _SOCKET
        return FILE if "." in plain.rpartition("/")[2] else OTHER


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else OTHER


def _tell(span: Span, method: str, route: str, status: int, current: RequestScope) -> None:
    if not tracing.is_on():
        return
    span.rename(f"{method} {route}")
    span.tell(
        http__request__method=method,
        http__route=route,
        http__response__status_code=status,
        autograph__request_id=current.request_id,
    )
    if status >= 500:
        span.fail(str(status))


@cache
def _timer(method: str, route: str, hundreds: int) -> Any:
    # A request whose client disconnected before the response has no status.
    return meters().requests.labels(method, route, f"{hundreds}xx" if hundreds else "none")


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
