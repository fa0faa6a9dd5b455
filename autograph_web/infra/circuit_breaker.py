"""A circuit breaker: doing without a part that does not answer, for a second at a time."""

from collections.abc import Callable

_OPEN_S = 1.0


class CircuitBreaker:
    """After a failure everybody goes without for a second; then one tries, and the others do not wait."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: float | None = None

    def is_open(self) -> bool:
        """Return True while to do without; where it is not, the caller tries, and records how that went."""
        now = self._now()
        if self._until is None:
            return False
        if 0 < self._until - now <= _OPEN_S:  # not if the clock was set back meanwhile
            return True
        self._until = now + _OPEN_S
        return False

    def record_failure(self) -> None:
        """Open it for a second: there was no answer."""
        self._until = self._now() + _OPEN_S

    def record_success(self) -> None:
        """Close it: there was an answer."""
        self._until = None
