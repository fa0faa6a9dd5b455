"""What runs beside whoever began it, and how it ends."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

_AGAIN_S = 1.0
"""Long enough for a task to close what it holds: a second cancellation would cut that off."""


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended, whatever they ended with.

    They are cancelled again until they do: before Python 3.12 `asyncio.wait_for`, in which redis-py sends its
    commands, could lose a cancellation that came as the command was sent (CPython issue 86296).
    """
    busy = set(tasks)
    while busy:
        for task in busy:
            task.cancel()
        ended, busy = await asyncio.wait(busy, timeout=_AGAIN_S)
        for task in ended:
            if not task.cancelled():
                task.exception()  # seen, or asyncio complains of it


class BackgroundTasks:
    """Tasks that nobody waits for; none outlives `close`, after which what they use may be closed as well."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have `work` done beside; it handles its own failures."""
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)

    async def close(self, patience_s: float = 0.0) -> None:
        """End what is still under way after so many seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_s)
            await end(self._tasks)
