"""Saying something now and then, whatever the flood: for log lines that strangers can cause."""

from autograph_web.core.clock import Clock

_PAUSE_S = 600.0


class Seldom:
    """Allows each thing once in ten minutes, in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def allows(self, what: str) -> bool:
        """Return True if it is time to say `what` again; names are our own, never a stranger's."""
        now, last = self._clock.seconds(), self._last.get(what)
        if last is not None and 0 <= now - last < _PAUSE_S:
            return False
        self._last[what] = now
        return True
