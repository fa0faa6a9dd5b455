"""Pacing: units of work per second, with a burst size and a bounded wait."""

from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 50_000
_SHORTEST_S = 1e-6


class TokenBucket:
    """A leaky bucket that returns the waiting time (generic cell rate algorithm, ITU-T I.371)."""

    def __init__(self, now: Callable[[], float], a_second: float, at_once: float) -> None:
        """Store the clock (seconds), the units per second, and the burst size in units."""
        self._now, self._a_second, self._ahead = now, a_second, at_once / a_second
        self.paid_until = 0.0
        """The time, by the clock, at which all units taken so far are replenished."""

    @property
    def idle(self) -> bool:
        """Whether all units taken so far are replenished."""
        return self.paid_until <= self._now()

    @property
    def is_spent(self) -> bool:
        """Whether one more unit would have to wait."""
        return self._wait(1.0, self._now()) > 0

    def take(self, units: float, patience: float = 0.0) -> float | None:
        """Take units; return the seconds to wait, or take none and return None if they exceed `patience`."""
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
    """One bucket per address; idle ones and, beyond 50,000, the least recently used are discarded."""

    def __init__(self, now: Callable[[], float], a_second: float, at_once: float) -> None:
        """Store the parameters of each bucket."""
        self._make = lambda: TokenBucket(now, a_second, at_once)
        self._paces: OrderedDict[str, TokenBucket] = OrderedDict()
        self._now, self._latest = now, 0.0

    def __len__(self) -> int:
        """Return the number of stored addresses."""
        return len(self._paces)

    @property
    def idle(self) -> bool:
        """Whether all units taken by any address are replenished."""
        return self._latest <= self._now()

    def is_spent(self, address: str) -> bool:
        """Return True if one more unit for `address` would have to wait."""
        pace = self._paces.get(address)
        return pace is not None and pace.is_spent

    def take(self, address: str, units: float, patience: float = 0.0) -> float | None:
        """Take units from the bucket of `address`, as `TokenBucket.take` does."""
        pace = self._paces.setdefault(address, self._make())
        self._paces.move_to_end(address)
        oldest = next(iter(self._paces))
        if oldest != address and (self._paces[oldest].idle or len(self._paces) > _MOST_KEYS):
            del self._paces[oldest]
        wait = pace.take(units, patience)
        self._latest = max(self._latest, pace.paid_until)
        return wait
