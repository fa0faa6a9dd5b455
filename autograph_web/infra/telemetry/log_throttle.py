"""Saying something now and then, whatever the flood: for log lines that strangers or an outage can cause."""

from collections.abc import Callable

SHORT_S, LONG_S = 10.0, 600.0
"""How often an outage is told of, and how often what an operator has to set right (seconds)."""


class LogThrottle:
    """Allows each thing once in `pause` seconds, in this process."""

    def __init__(self, now: Callable[[], float], pause: float) -> None:
        self._now, self._pause = now, pause
        self._last: dict[str, float] = {}

    def allows(self, what: str) -> bool:
        """Return True if it is time to say `what` again; names are our own and few, never a stranger's."""
        now, last = self._now(), self._last.get(what)
        if last is not None and 0 <= now - last < self._pause:
            return False
        self._last[what] = now
        return True
