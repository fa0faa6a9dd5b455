"""The fallback rate limiter within one process, used while Redis is unavailable."""

from collections import OrderedDict, deque

from autograph_web.infra.clock import Clock

_MOST_KEYS = 50_000


class LocalLimiter:
    """Sliding windows in memory, bounded in number; counts are never withdrawn."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hits: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str, limit: int, window: int) -> int:
        """Return the seconds until another attempt may be counted under `key`, or 0; counts nothing."""
        now = self._clock.seconds()
        hits = [at for at in self._hits.get(key, ()) if at > now - window]
        return max(1, int(hits[0] + window - now) + 1) if len(hits) >= limit else 0

    def hit(self, key: str, limit: int, window: int) -> int:
        """Count one attempt under `key`; return 0 if allowed, else the seconds until the next one is."""
        now = self._clock.seconds()
        hits = self._hits.setdefault(key, deque())
        self._hits.move_to_end(key)
        while hits and hits[0] <= now - window:
            hits.popleft()
        if len(hits) >= limit:
            return max(1, int(hits[0] + window - now) + 1)
        hits.append(now)
        if len(self._hits) > _MOST_KEYS:
            self._hits.popitem(last=False)
        return 0
