"""Measures every event of the pages, gives it a request id, and logs its outcome."""

import asyncio
from functools import cache
from time import perf_counter
from typing import Any

from reflex.app import App
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event

from autograph_web.http.client import new_request_id
from autograph_web.infra.context import RequestScope, begin_request
from autograph_web.infra.telemetry import tracing
from autograph_web.infra.telemetry.logs import access_line
from autograph_web.infra.telemetry.metrics import meters
from autograph_web.infra.telemetry.tracing import Span
from autograph_web.runtime import services


class EventTelemetry(Middleware):
    """Must come right after `BoundEvents`: what runs earlier is not measured.

    Reflex runs each event in a task of its own, so the event is over when its task is.
    """

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Begin the request scope of `event`; the task's context ends with it."""
        current, _ = begin_request(new_request_id())
        handler = handler_name(event.name)
        # Never as a child of a trace that the page names: websocket clients are not trusted.
        span = tracing.span(handler, "CONSUMER", autograph__request_id=current.request_id).__enter__()
        current.trace_id = span.trace_id
        task = asyncio.current_task()
        if task is not None:
            _EventTimer(handler, current, span).watch(task)
        return None


class _EventTimer:
    """Waits for the end of one event."""

    def __init__(self, handler: str, current: RequestScope, span: Span) -> None:
        self._handler, self._current, self._span = handler, current, span
        self._started = perf_counter()

    def watch(self, task: "asyncio.Task[Any]") -> None:
        """Record the end of `task`, whatever its outcome."""
        task.add_done_callback(self._record)

    def _record(self, task: "asyncio.Task[Any]") -> None:
        seconds, outcome = perf_counter() - self._started, _outcome(task)
        _timer(self._handler, outcome).observe(seconds)
        if outcome == "failed":
            self._span.fail("handler")
        self._span.tell(autograph__outcome=outcome)
        self._span.end()
        if services().settings.access_log:
            fields = {"handler": self._handler, "outcome": outcome, "ms": round(seconds * 1000, 2)}
            access_line("page_event", self._current, **fields)


def handler_name(event: str) -> str:
    """Return the state and name of a handler, such as `sign_in_state.submit`, without the module path.

    Reflex has found the handler by then, so the number of distinct names is bounded.
    """
    return event.rpartition("____")[2]


def _outcome(task: "asyncio.Task[Any]") -> str:
    if task.cancelled():
        return "left"  # the page was left before there was an answer
    return "failed" if task.exception() else "done"


@cache
def _timer(handler: str, outcome: str) -> Any:
    return meters().page_events.labels(handler, outcome)
