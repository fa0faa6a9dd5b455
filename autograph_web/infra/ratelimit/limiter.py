"""Rate limits for attempts: sliding windows in Redis, decided atomically over several keys.

An attempt is first *acquired*, then *committed*. A reservation counts immediately, so that concurrent
attempts cannot exceed the limit; a success removes only the failures of its own subject. While the limit of
an address is used up by pending reservations (an office signing in at nine), a further attempt waits for one
of them instead of being refused.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, cast

from autograph_web.infra.clock import Clock
from autograph_web.infra.errors import DomainError, RateLimited, Unavailable
from autograph_web.infra.randomness import Randomness, random_token
from autograph_web.infra.ratelimit.local_limiter import LocalLimiter
from autograph_web.infra.ratelimit.table import HASHED, Limit, Rate
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.infra.telemetry.metrics import meters

_PENDING_MS = 60_000  # a reservation expires after this if its process died
_WAIT_STEP_S = 0.025
_WAIT_S = 15.0
_LONGEST_QUEUE = 64

# KEYS: one sorted set per limit. ARGV: now, pending lifetime, member, then limit and window of each key.
# Members are "p|subject|nonce" (pending) or "f|subject|nonce" (failed), scored by their time in ms.
# Returns {verdict, wait in ms, first, spent}: 0 reserved, 1 wait for a pending one, 2 refused; first = 1 on
# the first refusal in a minute, so that a flood causes one audit event and not one per request; spent is the
# index of the limit with the longest wait.
_RESERVE = """
local now, pending, member = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local verdict, wait, spent = 0, 0, 0
for i, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 + 2 * i]), tonumber(ARGV[3 + 2 * i])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local failed, undecided, oldest = 0, 0, nil
  local rows = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for j = 1, #rows, 2 do
    local at = tonumber(rows[j + 1])
    if string.sub(rows[j], 1, 1) == 'f' then
      failed = failed + 1
      if not oldest then oldest = at end
    elseif at <= now - pending then
      redis.call('ZREM', key, rows[j])
    else
      undecided = undecided + 1
    end
  end
  if failed >= limit then
    verdict = 2
    if oldest + window - now > wait or spent == 0 then wait, spent = oldest + window - now, i end
  elseif failed + undecided >= limit and verdict == 0 then
    verdict = 1
  end
end
if verdict == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, 'p|' .. member)
    redis.call('PEXPIRE', key, tonumber(ARGV[3 + 2 * i]))
  end
end
local first = 0
if verdict == 2 and redis.call('SET', KEYS[1] .. ':refused', '1', 'NX', 'PX', 60000) then first = 1 end
return {verdict, wait, first, spent}
"""

# ARGV: now, member, subject, outcome ('failed', 'succeeded' or 'withdrawn'), then the window of each key.
# The expiry is set again, because removing the only member has deleted the key together with its expiry.
_SETTLE = """
local now, member, prefix, outcome = ARGV[1], ARGV[2], 'f|' .. ARGV[3] .. '|', ARGV[4]
for i, key in ipairs(KEYS) do
  redis.call('ZREM', key, 'p|' .. member)
  if outcome == 'failed' then
    redis.call('ZADD', key, now, 'f|' .. member)
    redis.call('PEXPIRE', key, tonumber(ARGV[4 + i]))
  elseif outcome == 'succeeded' then
    for _, row in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      if string.sub(row, 1, #prefix) == prefix then redis.call('ZREM', key, row) end
    end
  end
end
"""

# Returns for each key whether anything was counted under it.
_LIFT = """
local found = {}
for i, key in ipairs(KEYS) do
  found[i] = redis.call('DEL', key)
  redis.call('DEL', key .. ':refused')
end
return found
"""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `limit` attempts within `window` seconds under `key`."""

    key: str
    limit: int
    window: int

    @property
    def name(self) -> str:
        """The name of the limit without its subject: the part of the key after the common prefix."""
        return self.key.removeprefix("rate_limit:").partition(":")[0]


@dataclass(frozen=True, slots=True)
class Reservation:
    """One pending attempt, which must be settled exactly once."""

    limits: tuple[RateLimit, ...]
    subject: str
    nonce: str
    local: bool

    @property
    def member(self) -> str:
        """The member of the attempt in the sorted sets."""
        return f"{self.subject}|{self.nonce}"


class RateLimitExceeded(RateLimited):
    """`RateLimited`, with whether this is the first refusal within a minute (which is audited)."""

    def __init__(self, retry_after: int, first: bool) -> None:
        super().__init__(retry_after=retry_after)
        self.first = first


class _Queue:
    """The attempts of one process waiting at the same limit: served in order; only the first polls Redis."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.inside = 0


class Limiter:
    """Reserves and settles attempts; without Redis a stricter limiter within this process takes over."""

    def __init__(
        self,
        redis: RedisClient,
        clock: Clock,
        randomness: Randomness,
        processes: int = 1,
        rates: Mapping[Limit, tuple[Rate, ...]] = MappingProxyType({}),
    ) -> None:
        """Store the dependencies; `rates` are the configured rates that differ from the table."""
        self._rates = {limit: limit.default for limit in Limit} | dict(rates)
        self._redis, self._clock, self._randomness = redis, clock, randomness
        # Without Redis each process allows only its share of each limit, so that their sum stays within it.
        self._processes = processes
        self._queues: dict[str, _Queue] = {}
        self._reserve, self._settle = redis.script(_RESERVE), redis.script(_SETTLE)
        self._lift = redis.script(_LIFT)
        self._local = LocalLimiter(clock)

    def limits(self, limit: Limit, subject: str) -> list[RateLimit]:
        """Return the limits of a row of the table for `subject`, such as the bucket of an address."""
        rates = self._rates[limit]
        shown = _digest(subject) if limit.per in HASHED else subject
        return [
            RateLimit(f"rate_limit:{limit}:{between}{shown}", rate.limit, rate.window)
            for rate in rates
            for between in [f"{rate.window}:" if len(rates) > 1 else ""]
        ]

    def pause(self, limit: Limit) -> int:
        """Return the seconds to wait when the shortest window is full."""
        return min(rate.window for rate in self._rates[limit])

    def window(self, limit: Limit) -> int:
        """Return the longest window of a row of the table, in seconds."""
        return max(rate.window for rate in self._rates[limit])

    async def acquire(self, limits: Limit | Sequence[RateLimit], subject: str) -> Reservation:
        """Reserve one attempt of `subject` within all limits, or within none.

        `limits` is a row of the table, counted for `subject`, or what `limits()` returned for several.

        Raises:
            RateLimitExceeded: A limit is reached; `retry_after` is the waiting time.
        """
        counted = tuple(self.limits(limits, subject) if isinstance(limits, Limit) else limits)
        nonce = random_token(self._randomness, 9)
        try:
            return await self._reserve_shared(Reservation(counted, _digest(subject), nonce, local=False))
        except RedisDown:
            return self._reserve_local(Reservation(counted, _digest(subject), nonce, local=True))

    @asynccontextmanager
    async def attempt(
        self, limits: Limit | Sequence[RateLimit], subject: str, counts: type[DomainError]
    ) -> AsyncGenerator[None]:
        """Reserve an attempt for the duration of the block; the error `counts` makes it a failed one.

        Raises:
            RateLimitExceeded: A limit is reached; the block is not entered.
        """
        reservation = await self.acquire(limits, subject)
        try:
            yield
        except counts:
            await self.commit(reservation, succeeded=False)
            raise
        except BaseException:
            await self.rollback(reservation)
            raise
        await self.commit(reservation, succeeded=True)

    async def consume(self, limits: Limit | Sequence[RateLimit], subject: str) -> None:
        """Count an event regardless of its outcome, such as a requested email.

        Raises:
            RateLimitExceeded: A limit is reached.
        """
        await self.commit(await self.acquire(limits, subject), succeeded=False)

    async def try_consume(self, limits: Limit | Sequence[RateLimit], subject: str) -> bool:
        """Count an event as `consume` does; return False at the limit, for refusals that must stay hidden."""
        try:
            await self.consume(limits, subject)
        except RateLimitExceeded:
            return False
        return True

    async def commit(self, reservation: Reservation, *, succeeded: bool) -> None:
        """Settle an attempt: a failure stays in the windows, a success clears the failures of its subject."""
        await self._finish(reservation, "succeeded" if succeeded else "failed")

    async def reset(self, limits: Sequence[RateLimit], subject: str) -> None:
        """Clear the failures of `subject` as a success would, even if its limits are reached."""
        await self.commit(Reservation(tuple(limits), _digest(subject), "", local=False), succeeded=True)

    async def lift(self, keys: Sequence[str]) -> list[str]:
        """Delete what was counted under `keys`; return the keys that had counts.

        Raises:
            Unavailable: Redis is unavailable. The counts of the processes' local limiters cannot be deleted.
        """
        try:
            found = cast(list[int], await self._redis.call(cast(Any, self._lift(keys=keys, args=[]))))
        except RedisDown as error:
            raise Unavailable(retry_after=2) from error
        return [key for key, count in zip(keys, found, strict=True) if count]

    async def rollback(self, reservation: Reservation) -> None:
        """Withdraw an attempt without a result, such as one during which the database failed."""
        await self._finish(reservation, "withdrawn")

    async def _finish(self, reservation: Reservation, outcome: str) -> None:
        if reservation.local:
            return  # local windows never release anything: stricter, and free of races
        keys = [limit.key for limit in reservation.limits]
        windows = [limit.window * 1000 for limit in reservation.limits]
        arguments = [self._now_ms(), reservation.member, reservation.subject, outcome, *windows]
        try:
            await self._redis.call(cast(Any, self._settle(keys=keys, args=arguments)))
        except RedisDown:
            return  # an unsettled reservation expires

    async def _reserve_shared(self, reservation: Reservation) -> Reservation:
        queue = self._queues.setdefault(reservation.limits[0].key, _Queue())
        # Each waiting attempt holds a request open, so their number must be bounded.
        if queue.inside >= _LONGEST_QUEUE:
            raise _spent(reservation.limits[0], 1)
        queue.inside += 1
        try:
            async with asyncio.timeout(_WAIT_S), queue.turn:
                while not await self._granted(reservation):  # noqa: ASYNC110  (another process causes the event)
                    await asyncio.sleep(_WAIT_STEP_S)
        except TimeoutError:
            raise _spent(reservation.limits[0], 1) from None
        finally:
            queue.inside -= 1
            if not queue.inside:
                del self._queues[reservation.limits[0].key]
        return reservation

    async def _granted(self, reservation: Reservation) -> bool:
        verdict, wait_ms, first, spent = await self._try(reservation)
        if verdict == 2:
            raise _spent(reservation.limits[spent - 1], max(1, -(-wait_ms // 1000)), first=bool(first))
        return verdict == 0

    async def _try(self, reservation: Reservation) -> list[int]:
        arguments: list[str | int] = [self._now_ms(), _PENDING_MS, reservation.member]
        for limit in reservation.limits:
            arguments += [limit.limit, limit.window * 1000]
        keys = [limit.key for limit in reservation.limits]
        return cast(list[int], await self._redis.call(cast(Any, self._reserve(keys=keys, args=arguments))))

    def _reserve_local(self, reservation: Reservation) -> Reservation:
        for limit in reservation.limits:
            wait = self._local.hit(limit.key, max(1, limit.limit // self._processes), limit.window)
            if wait:
                raise _spent(limit, wait)
        return reservation

    def _now_ms(self) -> int:
        return int(self._clock.seconds() * 1000)


def note_refusal(limit: str) -> None:
    """Count a refusal by a limit in the metrics."""
    meters().limited.labels(limit).inc()


def _spent(limit: RateLimit, wait: int, *, first: bool = False) -> RateLimitExceeded:
    note_refusal(limit.name)
    return RateLimitExceeded(wait, first)


def _digest(subject: str) -> str:
    # Hashed so that keys and members contain no email address, and no '|' either.
    return sha256(subject.encode("utf-8", "replace")).hexdigest()[:32]


def subject_key(prefix: str, subject: str) -> str:
    """Return a Redis key for `subject` that does not reveal it."""
    return f"{prefix}:{_digest(subject)}"
