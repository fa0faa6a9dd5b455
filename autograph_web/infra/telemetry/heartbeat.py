"""Detection of hanging workers: each worker shows a sign of life, which the main process watches.

The signs are in memory shared by the main process and the workers it forks: one byte per process id.
"""

import asyncio
import mmap
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

_MOST_PIDS = 1 << 22  # the maximum on Linux (PID_MAX_LIMIT); untouched pages use no memory
_EVERY_S = 0.5

_log = structlog.get_logger(__name__)
_signs = mmap.mmap(-1, _MOST_PIDS)


async def show() -> None:
    """Show a sign of life periodically, as long as the event loop runs."""
    own = os.getpid()
    while True:
        _signs[own] = _signs[own] % 255 + 1
        await asyncio.sleep(_EVERY_S)


@dataclass
class Watch:
    """Counts the consecutive checks in which each worker showed no new sign.

    Checks instead of seconds, because a suspended machine stops this process too, and no worker must be
    blamed. Before its first sign a worker is starting and may take as long as it needs.
    """

    patience: int
    _silence: dict[int, tuple[int, int]] = field(default_factory=dict)

    def look(self, pids: Iterable[int]) -> list[int]:
        """Check the workers once and return those that have been silent for too long."""
        before, self._silence = self._silence, {}
        for pid in pids:
            sign, (last, looks) = _signs[pid], before.get(pid, (0, 0))
            self._silence[pid] = (sign, looks + 1 if sign and sign == last else 0)
        for gone in before.keys() - self._silence.keys():
            _signs[gone] = 0  # its id may be reused
        return [pid for pid, (_, looks) in self._silence.items() if looks >= self.patience]

    def has_seen(self, pid: int) -> bool:
        """Return True if a worker has ever shown a sign of life."""
        return bool(_signs[pid])

    def end(self, pid: int) -> None:
        """Kill a worker that does not respond; the server replaces it."""
        _log.error("worker_silent", pid=pid, seconds=self.patience)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
