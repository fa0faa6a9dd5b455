"""Rate limiting of log lines that clients or an outage can cause in large numbers."""

from collections.abc import Callable

SHORT_S, LONG_S = 10.0, 600.0
"""Seconds between log lines about an outage, and about something that an operator has to fix."""


class LogThrottle:
    """Allows each event once in `pause` seconds, in this process."""

    def __init__(self, now: Callable[[], float], pause: float) -> None:
        self._now, self._pause = now, pause
        self._last: dict[str, float] = {}

    def allows(self, what: str) -> bool:
        """Return True if `what` may be logged again; names are few and fixed, never chosen by a client."""
        now, last = self._now(), self._last.get(what)
        if last is not None and 0 <= now - last < self._pause:
            return False
        self._last[what] = now
        return True
