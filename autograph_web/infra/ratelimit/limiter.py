"""Budgets of tries: a sliding window in Redis, decided in one atomic step over several keys.

A try is first *reserved*, then *settled*. A reservation counts at once, so that racers cannot all slip
through; a success takes back what its own account had used up and nothing else. While an address's budget
is filled by reservations that are still undecided (an office signing in at nine), a further try waits for
one of them instead of being refused.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from autograph_web.infra.clock import Clock
from autograph_web.infra.errors import DomainError, RateLimited, Unavailable
from autograph_web.infra.randomness import Entropy, random_token
from autograph_web.infra.ratelimit.local_limiter import LocalWindows
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.infra.telemetry.metrics import meters

_PENDING_MS = 60_000  # a reservation of a process that died is forgotten after this
_WAIT_STEP_S = 0.025
_WAIT_S = 15.0
_LONGEST_LANE = 64

# KEYS: one sorted set a budget. ARGV: now, pending lifetime, member, then limit and window of each key.
# Members are "p|subject|nonce" (undecided) or "f|subject|nonce" (failed), scored by their time in ms.
# Answers {verdict, wait in ms, first, spent}: 0 reserved, 1 wait for an undecided one, 2 refused; first = 1
# on the first refusal of a minute, so that a flood writes one audit row and not one a request; spent is the
# number of the budget that refuses for longest.
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
# The lifetime is set anew: taking the only member out has deleted the key, and its lifetime with it.
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

# Answers for each key whether anything was counted under it.
_LIFT = """
local found = {}
for i, key in ipairs(KEYS) do
  found[i] = redis.call('DEL', key)
  redis.call('DEL', key .. ':refused')
end
return found
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many failed tries are allowed within how many seconds."""

    limit: int
    window: int

    def under(self, key: str) -> "Budget":
        """Return the budget of this size under `key`."""
        return Budget(key, self.limit, self.window)


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `limit` failed tries within `window` seconds under `key`."""

    key: str
    limit: int
    window: int

    @property
    def name(self) -> str:
        """What it limits, without whom: the part of its key after the common beginning."""
        return self.key.removeprefix("rate_limit:").partition(":")[0]


@dataclass(frozen=True, slots=True)
class Reservation:
    """One try under way; settle it exactly once."""

    budgets: tuple[Budget, ...]
    subject: str
    nonce: str
    local: bool

    @property
    def member(self) -> str:
        """How the try stands in the windows."""
        return f"{self.subject}|{self.nonce}"


class BudgetSpent(RateLimited):
    """`RateLimited`, telling whether this is the first refusal in a while (worth an audit row)."""

    def __init__(self, retry_after: int, first: bool) -> None:
        super().__init__(retry_after=retry_after)
        self.first = first


class _Lane:
    """Those of one process who want the same budget: served in turn, and only the first asks Redis."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.inside = 0


class Limiter:
    """Reserves and settles tries; without Redis a stricter limiter inside this process takes over."""

    def __init__(self, redis: RedisClient, clock: Clock, entropy: Entropy, processes: int = 1) -> None:
        self._redis, self._clock, self._entropy = redis, clock, entropy
        # On its own a process allows its share of the budget, so that all of them together stay within it.
        self._processes = processes
        self._lanes: dict[str, _Lane] = {}
        self._reserve, self._settle = redis.script(_RESERVE), redis.script(_SETTLE)
        self._lift = redis.script(_LIFT)
        self._local = LocalWindows(clock)

    async def reserve(self, budgets: Sequence[Budget], subject: str) -> Reservation:
        """Reserve one try of `subject` in every budget at once, or in none.

        Raises:
            BudgetSpent: One of them is used up; `retry_after` says for how long.
        """
        nonce = random_token(self._entropy, 9)
        try:
            return await self._reserve_shared(
                Reservation(tuple(budgets), _digest(subject), nonce, local=False)
            )
        except RedisDown:
            return self._reserve_local(Reservation(tuple(budgets), _digest(subject), nonce, local=True))

    @asynccontextmanager
    async def attempt(
        self, budgets: Sequence[Budget], subject: str, counts: type[DomainError]
    ) -> AsyncGenerator[None]:
        """Hold a try for the length of the block: `counts` is the refusal that makes it a failed one.

        Raises:
            BudgetSpent: One of the budgets is used up; the block is not entered.
        """
        reservation = await self.reserve(budgets, subject)
        try:
            yield
        except counts:
            await self.settle(reservation, succeeded=False)
            raise
        except BaseException:
            await self.withdraw(reservation)
            raise
        await self.settle(reservation, succeeded=True)

    async def spend(self, budgets: Sequence[Budget], subject: str) -> None:
        """Count one of something that counts whatever becomes of it, such as a letter that is asked for.

        Raises:
            BudgetSpent: One of the budgets is used up.
        """
        await self.settle(await self.reserve(budgets, subject), succeeded=False)

    async def allows(self, budgets: Sequence[Budget], subject: str) -> bool:
        """Count one as `spend` does and tell whether there was room, where nobody may hear a refusal."""
        try:
            await self.spend(budgets, subject)
        except BudgetSpent:
            return False
        return True

    async def settle(self, reservation: Reservation, *, succeeded: bool) -> None:
        """Say how the try went: a failure stays in the windows, a success clears its subject's failures."""
        await self._finish(reservation, "succeeded" if succeeded else "failed")

    async def forgive(self, budgets: Sequence[Budget], subject: str) -> None:
        """Clear the failures of `subject` as a success would, even where its budgets are spent."""
        await self.settle(Reservation(tuple(budgets), _digest(subject), "", local=False), succeeded=True)

    async def lift(self, keys: Sequence[str]) -> list[str]:
        """Forget what was counted under `keys`; return those under which there was something.

        Raises:
            Unavailable: Redis is away. What each process counts by itself meanwhile cannot be lifted.
        """
        try:
            found = cast(list[int], await self._redis.call(cast(Any, self._lift(keys=keys, args=[]))))
        except RedisDown as error:
            raise Unavailable(retry_after=2) from error
        return [key for key, count in zip(keys, found, strict=True) if count]

    async def withdraw(self, reservation: Reservation) -> None:
        """Take a try back that never came to a verdict, such as one the database was down for."""
        await self._finish(reservation, "withdrawn")

    async def _finish(self, reservation: Reservation, outcome: str) -> None:
        if reservation.local:
            return  # the local windows never give anything back: stricter, and nothing to race
        keys = [budget.key for budget in reservation.budgets]
        windows = [budget.window * 1000 for budget in reservation.budgets]
        arguments = [self._now_ms(), reservation.member, reservation.subject, outcome, *windows]
        try:
            await self._redis.call(cast(Any, self._settle(keys=keys, args=arguments)))
        except RedisDown:
            return  # an unsettled reservation runs out by itself

    async def _reserve_shared(self, reservation: Reservation) -> Reservation:
        lane = self._lanes.setdefault(reservation.budgets[0].key, _Lane())
        # Each one that waits holds a request open, so a flood must not wait.
        if lane.inside >= _LONGEST_LANE:
            raise _spent(reservation.budgets[0], 1)
        lane.inside += 1
        try:
            async with asyncio.timeout(_WAIT_S), lane.turn:
                while not await self._granted(reservation):  # noqa: ASYNC110  (the event is another process)
                    await asyncio.sleep(_WAIT_STEP_S)
        except TimeoutError:
            raise _spent(reservation.budgets[0], 1) from None
        finally:
            lane.inside -= 1
            if not lane.inside:
                del self._lanes[reservation.budgets[0].key]
        return reservation

    async def _granted(self, reservation: Reservation) -> bool:
        verdict, wait_ms, first, spent = await self._try(reservation)
        if verdict == 2:
            raise _spent(reservation.budgets[spent - 1], max(1, -(-wait_ms // 1000)), first=bool(first))
        return verdict == 0

    async def _try(self, reservation: Reservation) -> list[int]:
        arguments: list[str | int] = [self._now_ms(), _PENDING_MS, reservation.member]
        for budget in reservation.budgets:
            arguments += [budget.limit, budget.window * 1000]
        keys = [budget.key for budget in reservation.budgets]
        return cast(list[int], await self._redis.call(cast(Any, self._reserve(keys=keys, args=arguments))))

    def _reserve_local(self, reservation: Reservation) -> Reservation:
        for budget in reservation.budgets:
            wait = self._local.hit(budget.key, max(1, budget.limit // self._processes), budget.window)
            if wait:
                raise _spent(budget, wait)
        return reservation

    def _now_ms(self) -> int:
        return int(self._clock.seconds() * 1000)


def note_refusal(limit: str) -> None:
    """Count a refusal by a limit, for the figures."""
    meters().limited.labels(limit).inc()


def _spent(budget: Budget, wait: int, *, first: bool = False) -> BudgetSpent:
    note_refusal(budget.name)
    return BudgetSpent(wait, first)


def _digest(subject: str) -> str:
    # Hashed so that keys and members hold no email address, and no '|' either.
    return sha256(subject.encode("utf-8", "replace")).hexdigest()[:32]


def subject_key(prefix: str, subject: str) -> str:
    """Return the Redis key of a budget about `subject` that does not spell it out."""
    return f"{prefix}:{_digest(subject)}"
