"""Whether a worker still gets round to its work: it shows a sign of life, and whoever started it looks.

The signs lie in memory that the main process and the workers it forks share: one byte a process id.
"""

import asyncio
import mmap
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

_MOST_PIDS = 1 << 22  # Linux gives out none above (PID_MAX_LIMIT); pages nobody touches take no memory
_EVERY_S = 0.5

_log = structlog.get_logger(__name__)
_signs = mmap.mmap(-1, _MOST_PIDS)


async def show() -> None:
    """Show a sign of life for as long as the event loop gets round to it."""
    own = os.getpid()
    while True:
        _signs[own] = _signs[own] % 255 + 1
        await asyncio.sleep(_EVERY_S)


@dataclass
class Watch:
    """Counts for how many looks in a row each worker has shown nothing new.

    Looks and not seconds: where everything stands still, this process too, nobody has been silent. Until its
    first sign a worker is starting and has all the time it needs.
    """

    patience: int
    _silence: dict[int, tuple[int, int]] = field(default_factory=dict)

    def look(self, pids: Iterable[int]) -> list[int]:
        """Look at the workers once and return those that have been silent for too long."""
        before, self._silence = self._silence, {}
        for pid in pids:
            sign, (last, looks) = _signs[pid], before.get(pid, (0, 0))
            self._silence[pid] = (sign, looks + 1 if sign and sign == last else 0)
        for gone in before.keys() - self._silence.keys():
            _signs[gone] = 0  # its id may be given out again
        return [pid for pid, (_, looks) in self._silence.items() if looks >= self.patience]

    def has_seen(self, pid: int) -> bool:
        """Return True if a worker has ever shown a sign of life."""
        return bool(_signs[pid])

    def end(self, pid: int) -> None:
        """End a worker that does not answer; the server puts another in its place."""
        _log.error("worker_silent", pid=pid, seconds=self.patience)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
