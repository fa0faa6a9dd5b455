"""A circuit breaker: stops using a dependency that does not answer, for one second at a time."""

from collections.abc import Callable

_OPEN_S = 1.0


class CircuitBreaker:
    """Opens for a second after a failure; then one caller tries, while the others are still refused."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: float | None = None

    def is_open(self) -> bool:
        """Return True while calls must be skipped; if False, the caller must try and record the outcome."""
        now = self._now()
        if self._until is None:
            return False
        if 0 < self._until - now <= _OPEN_S:  # not if the clock was set back meanwhile
            return True
        self._until = now + _OPEN_S
        return False

    def record_failure(self) -> None:
        """Open the circuit for a second, after a call without an answer."""
        self._until = self._now() + _OPEN_S

    def record_success(self) -> None:
        """Close the circuit, after a call with an answer."""
        self._until = None
