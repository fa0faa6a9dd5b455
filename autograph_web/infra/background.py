"""Background tasks, and their orderly termination."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

_AGAIN_S = 1.0
"""Seconds; enough for a task to release its resources, which a second cancellation would interrupt."""


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended, regardless of their outcome.

    The cancellation is repeated until they do: before Python 3.12 `asyncio.wait_for`, in which redis-py sends
    its commands, could lose a cancellation that arrived as the command was sent (CPython issue 86296).
    """
    busy = set(tasks)
    while busy:
        for task in busy:
            task.cancel()
        ended, busy = await asyncio.wait(busy, timeout=_AGAIN_S)
        for task in ended:
            if not task.cancelled():
                task.exception()  # retrieved, so that asyncio does not report it as unhandled


class BackgroundTasks:
    """Tasks that are not awaited; none outlives `close`, after which their resources may be closed."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background; it must handle its own errors."""
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)

    async def close(self, patience_s: float = 0.0) -> None:
        """Cancel the tasks that are still running after `patience_s` seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_s)
            await end(self._tasks)
