"""Tests every Redis operation the product uses, since permissions and memory cannot be checked otherwise."""

from dataclasses import dataclass
from hashlib import sha1
from typing import Any, cast

from redis.exceptions import NoScriptError, RedisError

from autograph_web.infra.health.failures import Trouble, command_in, trouble_of
from autograph_web.infra.redis.client import RedisClient

_KEY, _CHANNEL = "autograph:probe", "autograph:probe"
_LIFE_S = 5
# Every command that a script of ours or of Reflex calls.
_SCRIPT = """
redis.call('SET', KEYS[1], '1', 'EX', 5)
redis.call('GET', KEYS[1])
redis.call('PTTL', KEYS[1])
redis.call('PEXPIRE', KEYS[1], 5000)
redis.call('DEL', KEYS[1])
redis.call('ZADD', KEYS[1], 1, 'a')
redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', 0)
redis.call('ZREM', KEYS[1], 'a')
redis.call('HSET', KEYS[1], 'a', '1')
redis.call('HMGET', KEYS[1], 'a')
redis.call('EXISTS', KEYS[1])
redis.call('DEL', KEYS[1])
"""
_TRIED: tuple[tuple[Any, ...], ...] = (
    ("SET", _KEY, "1", "EX", _LIFE_S),
    ("MGET", _KEY),
    ("EXISTS", _KEY),
    ("PEXPIRE", _KEY, _LIFE_S * 1000),
    ("GETDEL", _KEY),
    ("DEL", _KEY),
    ("SADD", f"{_KEY}:set", "a"),
    ("SCARD", f"{_KEY}:set"),
    ("SREM", f"{_KEY}:set", "a"),
    ("SCRIPT LOAD", _SCRIPT),
    ("EVALSHA", sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest(), 1, f"{_KEY}:script"),
    ("EVAL", "return 1", 0),
    ("MULTI",),
    ("EXEC",),
    ("PUBLISH", _CHANNEL, ""),
    ("PUBSUB NUMSUB", _CHANNEL),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A command that was refused, and the reason."""

    command: str
    trouble: Trouble


async def what_fails(redis: RedisClient) -> list[Failure]:
    """Return the commands that a reachable server refuses.

    Sequential, because after an outage the circuit breaker admits one command and refuses concurrent ones.

    Raises:
        RedisDown: The server does not answer, or refuses everything.
    """
    commands = await redis.call(_carry_out(redis))
    return commands + await redis.call(_listen(redis))


async def _carry_out(redis: RedisClient) -> list[Failure]:
    pipeline: Any = cast(Any, redis.raw).pipeline(transaction=False)
    for command in _TRIED:
        pipeline.execute_command(*command)
    answers = await pipeline.execute(raise_on_error=False)
    return [
        _failure(answer, command[0])
        for command, answer in zip(_TRIED, answers, strict=True)
        if isinstance(answer, RedisError) and not isinstance(answer, NoScriptError)  # it could not be loaded
    ]


async def _listen(redis: RedisClient) -> list[Failure]:
    found: list[Failure] = []
    for command in ("SUBSCRIBE", "PSUBSCRIBE"):
        async with cast(Any, redis.raw).pubsub() as subscription:
            try:
                await (subscription.subscribe if command == "SUBSCRIBE" else subscription.psubscribe)(
                    _CHANNEL
                )
                await subscription.get_message(timeout=1)
            except RedisError as error:
                found.append(_failure(error, command))
    return found


def _failure(error: RedisError, command: str) -> Failure:
    trouble = trouble_of(error)
    named = command_in(error) if trouble is Trouble.RIGHTS else ""
    return Failure(named if command == "EVALSHA" and named else command, trouble)
