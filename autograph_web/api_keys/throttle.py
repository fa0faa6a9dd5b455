"""Rate limits on uses of a key and on wrong keys from an address, both checked in one round trip."""

from typing import Any, cast

from autograph_web.infra.clock import Clock
from autograph_web.infra.errors import RateLimited
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.limiter import note_refusal, subject_key
from autograph_web.infra.ratelimit.local_limiter import LocalLimiter
from autograph_web.infra.ratelimit.table import Limit, Rate
from autograph_web.infra.redis.client import RedisClient, RedisDown

_GOOD_FOR_S = 86_400
_TOLD_FOR_S = 3600
_USES_LIMIT, _WRONG_LIMIT = Limit.API_KEY, Limit.API_KEY_WRONG

# A window is a hash {since, count} that starts with the first event it counts. Times are in ms.
_WINDOW = """
local function window_of(key, now, length)
  local found = redis.call('HMGET', key, 'since', 'count')
  local since, count = tonumber(found[1]), tonumber(found[2])
  if not since or now < since or now >= since + length then return now, 0 end
  return since, count
end
local function count_in(key, now, length)
  local since, count = window_of(key, now, length)
  redis.call('HSET', key, 'since', since, 'count', count + 1)
  redis.call('PEXPIRE', key, length)
end
local now = tonumber(ARGV[1])
"""
# KEYS: uses of the key, wrong keys of the address, marker of a known good key. ARGV: now, then limit and
# length of each window. Returns {wait in ms, known, 1 if the limit of the address applies}.
_ADMIT = (
    _WINDOW
    + """
local uses, length = tonumber(ARGV[2]), tonumber(ARGV[3])
local wrong, wrong_length = tonumber(ARGV[4]), tonumber(ARGV[5])
local known = redis.call('EXISTS', KEYS[3])
local since, count = window_of(KEYS[2], now, wrong_length)
if known == 0 and count >= wrong then return {since + wrong_length - now, known, 1} end
since, count = window_of(KEYS[1], now, length)
if count >= uses then return {since + length - now, known, 0} end
count_in(KEYS[1], now, length)
return {0, known, 0}
"""
)
_COUNT = _WINDOW + "count_in(KEYS[1], now, tonumber(ARGV[2]))"


class ApiKeyThrottle:
    """Counts uses and wrong keys. Without Redis each process applies its share of the limits locally.

    Counters are kept per hash of the whole key, not per id: the id is no secret, and knowing it must not
    suffice to exhaust the owner's limit. A key that was recently valid is not affected by wrong keys from its
    address, so that other clients behind it cannot lock it out.
    """

    def __init__(self, redis: RedisClient, clock: Clock, uses: Rate, wrong: Rate, processes: int) -> None:
        self._redis, self._clock, self._processes = redis, clock, processes
        self._uses, self._wrong = uses, wrong
        self._admit, self._count = redis.script(_ADMIT), redis.script(_COUNT)
        self._local = LocalLimiter(clock)

    async def admit(self, key_hash: str, ip: str) -> bool:
        """Count one use of a key before it is looked up; return True if it was recently valid.

        Raises:
            RateLimited: Too many uses of it, or too many wrong keys from this address.
        """
        keys = [_uses(key_hash), _mistakes(ip), _good(key_hash)]
        sizes = [size for one in (self._uses, self._wrong) for size in (one.limit, one.window * 1000)]
        try:
            wait, known, at_fault = await self._redis.call(
                cast(Any, self._admit(keys=keys, args=[self._now_ms(), *sizes]))
            )
        except RedisDown:
            return self._admit_alone(key_hash, ip)
        if wait:
            raise _refusal(_WRONG_LIMIT if at_fault else _USES_LIMIT, -(-wait // 1000))
        return bool(known)

    async def note_good(self, key_hash: str) -> None:
        """Remember for a day that a key was valid. It grants no access: every use reads the database."""
        try:
            await self._redis.put(_good(key_hash), 1, _GOOD_FOR_S)
        except RedisDown:
            return

    async def note_wrong(self, ip: str) -> None:
        """Count a wrong key from an address."""
        key = _mistakes(ip)
        try:
            await self._redis.call(
                cast(Any, self._count(keys=[key], args=[self._now_ms(), self._wrong.window * 1000]))
            )
        except RedisDown:
            self._local.hit(key, self._share(self._wrong), self._wrong.window)

    async def is_worth_telling(self, key_id: str) -> bool:
        """Return True if the use of an expired or revoked key should be audited: once an hour at most."""
        try:
            return await self._redis.put(f"api_key_told:{key_id}", 1, _TOLD_FOR_S, only_new=True)
        except RedisDown:
            return False

    def _admit_alone(self, key_hash: str, ip: str) -> bool:
        if wait := self._local.wait(_mistakes(ip), self._share(self._wrong), self._wrong.window):
            raise _refusal(_WRONG_LIMIT, wait)
        if wait := self._local.hit(_uses(key_hash), self._share(self._uses), self._uses.window):
            raise _refusal(_USES_LIMIT, wait)
        return True  # the caller has nothing to remember

    def _share(self, whole: Rate) -> int:
        return max(1, whole.limit // self._processes)

    def _now_ms(self) -> int:
        return int(self._clock.seconds() * 1000)


def _refusal(limit: str, wait: int) -> RateLimited:
    note_refusal(limit)
    return RateLimited(retry_after=wait)


def _uses(key_hash: str) -> str:
    return subject_key(f"rate_limit:{_USES_LIMIT}", key_hash)


def _mistakes(ip: str) -> str:
    return f"rate_limit:{_WRONG_LIMIT}:{address_bucket(ip)}"


def _good(key_hash: str) -> str:
    return subject_key("api_key_good", key_hash)
