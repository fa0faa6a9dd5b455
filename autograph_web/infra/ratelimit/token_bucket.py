"""Pacing: so many units of work a second, so many at once, and a short wait in between."""

from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 50_000
_SHORTEST_S = 1e-6


class TokenBucket:
    """A leaky bucket that tells when it is one's turn (the generic cell rate algorithm, ITU-T I.371)."""

    def __init__(self, now: Callable[[], float], a_second: float, at_once: float) -> None:
        """Remember the clock (seconds), the units a second, and the units that need not wait."""
        self._now, self._a_second, self._ahead = now, a_second, at_once / a_second
        self.paid_until = 0.0
        """When everything taken so far has been paid off, by the clock."""

    @property
    def idle(self) -> bool:
        """Whether everything taken has been paid off."""
        return self.paid_until <= self._now()

    @property
    def is_spent(self) -> bool:
        """Whether one more unit would have to wait."""
        return self._wait(1.0, self._now()) > 0

    def take(self, units: float, patience: float = 0.0) -> float | None:
        """Take units; return the seconds until their turn, or None, taking nothing, if `patience` is less."""
        now = self._now()
        wait = self._wait(units, now)
        if wait > patience:
            return None
        self.paid_until = max(now, self.paid_until) + units / self._a_second
        return wait

    def _wait(self, units: float, now: float) -> float:
        wait = max(0.0, self.paid_until - now) + units / self._a_second - self._ahead
        return wait if wait > _SHORTEST_S else 0.0


class TokenBuckets:
    """One pace for each address, of which the idle and, beyond 50,000, the oldest are forgotten."""

    def __init__(self, now: Callable[[], float], a_second: float, at_once: float) -> None:
        """Remember what every pace is made of."""
        self._make = lambda: TokenBucket(now, a_second, at_once)
        self._paces: OrderedDict[str, TokenBucket] = OrderedDict()
        self._now, self._latest = now, 0.0

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._paces)

    @property
    def idle(self) -> bool:
        """Whether everything that any address has taken has been paid off."""
        return self._latest <= self._now()

    def is_spent(self, address: str) -> bool:
        """Return True if one more unit of the pace of `address` would have to wait."""
        pace = self._paces.get(address)
        return pace is not None and pace.is_spent

    def take(self, address: str, units: float, patience: float = 0.0) -> float | None:
        """Take units of the pace of `address`, as `TokenBucket.take` does."""
        pace = self._paces.setdefault(address, self._make())
        self._paces.move_to_end(address)
        oldest = next(iter(self._paces))
        if oldest != address and (self._paces[oldest].idle or len(self._paces) > _MOST_KEYS):
            del self._paces[oldest]
        wait = pace.take(units, patience)
        self._latest = max(self._latest, pace.paid_until)
        return wait
