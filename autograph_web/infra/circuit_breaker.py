"""Doing without a part that does not answer, for a moment at a time."""

from collections.abc import Callable

_REST_S = 1.0


class CircuitBreaker:
    """After a failure everybody goes without for a second; then one tries, and the others do not wait."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: float | None = None

    def goes_on(self) -> bool:
        """Tell whether to do without; who is told no tries, and says how that turned out."""
        now = self._now()
        if self._until is None:
            return False
        if 0 < self._until - now <= _REST_S:  # not if the clock was set back meanwhile
            return True
        self._until = now + _REST_S
        return False

    def begin(self) -> None:
        """Note that there was no answer."""
        self._until = self._now() + _REST_S

    def end(self) -> None:
        """Note that there was one."""
        self._until = None
