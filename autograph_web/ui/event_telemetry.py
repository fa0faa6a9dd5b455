"""Times every event of the pages, gives it an id of its own, and says in one line what came of it."""

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
    """Must be the first but for `BoundEvents`: what comes before it is in nobody's figures.

    Reflex runs each event in a task of its own, so the event is over when that is.
    """

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Begin the occasion of `event`; the task's context ends with it."""
        current, _ = begin_request(new_request_id())
        handler = handler_name(event.name)
        # Never under a trace that the page names: whoever opens a websocket is a stranger.
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
        """Take note when `task` ends, in whichever way."""
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
    """Return a handler's state and name, such as `sign_in_state.submit`, without where the state is written.

    Reflex has found the handler of the event by then, so there are only as many as we have.
    """
    return event.rpartition("____")[2]


def _outcome(task: "asyncio.Task[Any]") -> str:
    if task.cancelled():
        return "left"  # the page, before there was an answer
    return "failed" if task.exception() else "done"


@cache
def _timer(handler: str, outcome: str) -> Any:
    return meters().page_events.labels(handler, outcome)
