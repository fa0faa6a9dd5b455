"""Ending what runs beside."""

import asyncio
from collections.abc import Iterable

_AGAIN_S = 0.1


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
