"""The Redis client: fails fast, and tracks which server process it is connected to."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Protocol, TypeVar, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from autograph_web.infra.circuit_breaker import CircuitBreaker
from autograph_web.infra.clock import Clock
from autograph_web.infra.health.failures import Trouble, command_in, trouble_of
from autograph_web.infra.redis.pool import SUBSCRIPTIONS, TIMEOUT_S, RedisPool
from autograph_web.infra.telemetry.log_throttle import SHORT_S, LogThrottle
from autograph_web.infra.telemetry.tracing import step

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")
_SILENCE_S = 15.0  # seconds of silence after which a subscription is probed with PING
_LISTEN_AGAIN_S = 1.0
_REFUSED_S = 30.0  # seconds; an operator has to fix it first
# The exceptions of redis-py are not subclasses of Python's own.
_NO_ANSWER = (RedisConnectionError, RedisTimeoutError, OSError, TimeoutError)


_DROP = """
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) ~= ARGV[1] then redis.call('DEL', key) end
end
"""
_PUT_ALL = "for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'EX', ARGV[2]) end"


class Script(Protocol):
    """A Lua script, whose keys get the prefix of its client."""

    def __call__(self, keys: Sequence[str], args: Sequence[Any]) -> Awaitable[Any]:
        """Return the awaitable call."""
        ...


class RedisDown(Exception):
    """Redis failed to execute a command; each caller has its own safe fallback.

    `trouble` is the reason, and `command` the command in question if the user may not execute it.
    """

    def __init__(self, trouble: Trouble = Trouble.AWAY, command: str = "") -> None:
        super().__init__(trouble.value)
        self.trouble, self.command = trouble, command


def is_outage(exception: BaseException | None) -> bool:
    """Return True if Redis caused an exception: no answer, or a refused command."""
    while exception is not None:
        if isinstance(exception, RedisError | ConnectionError | TimeoutError):
            return True
        exception = exception.__cause__
    return False


class RedisClient:
    """Commands with a single kind of failure, `RedisDown`, and the identity of the server behind them.

    `run` identifies the server process of the newest connection, and with Sentinel also its term as master.
    Data that a server still holds after a restart or failover was written under another identity, so a cache
    keyed by `run` never serves stale data.
    """

    def __init__(self, url: str, clock: Clock, commands: int = 6, prefix: str = "") -> None:
        """Create the pool, without connecting; `prefix` is prepended to every key and channel."""
        self._prefix = prefix
        self._rest = CircuitBreaker(clock.seconds)
        self._seldom = LogThrottle(clock.seconds, SHORT_S)
        # More concurrent commands than connections would wait in the pool, and look like an outage.
        self._turns = asyncio.Semaphore(commands)
        self._pool = RedisPool(
            url,
            max_connections=commands + SUBSCRIPTIONS,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            # One immediate retry replaces a connection that the server closed while it was idle in the pool.
            # Not after a timeout: the command may have been executed, and a value taken twice is lost.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self.raw = Redis(connection_pool=self._pool.pool)
        self._put_all = self.script(_PUT_ALL)
        self._drop = self.script(_DROP)

    @property
    def run(self) -> str:
        """The identity of the server process of the newest connection; "" before the first."""
        return self._pool.run

    async def call(self, command: Awaitable[_T], anyway: bool = False) -> _T:
        """Await one command; with `anyway` even if the circuit breaker is open.

        Raises:
            RedisDown: The server did not answer, now or within the last second, or refused the command.
        """
        try:
            async with self._turns:
                return await self._ask(command, anyway)
        finally:
            cast(Any, command).close()  # a caller that was cancelled while waiting has not awaited it

    async def _ask(self, command: Awaitable[_T], anyway: bool) -> _T:
        if self._rest.is_open() and not anyway:
            raise RedisDown
        try:
            answer = await command
        except (RedisError, OSError, TimeoutError) as error:
            down = _down(error)
            # Every caller experiences the same failure.
            if self._seldom.allows(f"{down.trouble} {down.command}"):
                named = {"command": down.command} if down.command else {}
                _log.warning("redis_failed", trouble=down.trouble.value, error=type(error).__name__, **named)
            if isinstance(error, _NO_ANSWER):
                self._rest.record_failure()
            raise down from error
        self._rest.record_success()
        return answer

    def note_answer(self) -> None:
        """Close the circuit breaker: another client of the same server has just received an answer."""
        self._rest.record_success()

    def trace_commands(self) -> None:
        """Add each command to the current trace, with its name but not its keys."""
        plain: Any = cast(Any, self.raw).execute_command

        async def told(*arguments: Any, **options: Any) -> Any:
            name = str(arguments[0]).split(" ")[0]
            with step(f"redis {name}", db__system__name="redis", db__operation__name=name):
                return await plain(*arguments, **options)

        cast(Any, self.raw).execute_command = told

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of `keys` in one round trip.

        Raises:
            RedisDown: The server did not answer, or refused.
        """
        return cast(
            list[bytes | None], await self.call(cast(Any, self.raw.mget([self._named(key) for key in keys])))
        )

    async def take(self, key: str, anyway: bool = False) -> bytes | None:
        """Return the value of `key` and delete it atomically (GETDEL): only one caller receives it.

        `anyway` is for values that were stored in Redis a moment ago and have no substitute.

        Raises:
            RedisDown: The server did not answer, or refused.
        """
        return cast(bytes | None, await self.call(cast(Any, self.raw.getdel(self._named(key))), anyway))

    async def put(self, key: str, value: str | int, ttl: int, only_new: bool = False) -> bool:
        """Store `value` for `ttl` seconds; return False if `only_new` is set and the key exists.

        Raises:
            RedisDown: The server did not answer, or refused.
        """
        return bool(
            await self.call(cast(Any, self.raw.set(self._named(key), value, ex=max(1, ttl), nx=only_new)))
        )

    async def put_all(self, keys: Sequence[str], value: str, ttl: int) -> None:
        """Store `value` under each of `keys` for `ttl` seconds.

        Raises:
            RedisDown: The server did not answer, or refused.
        """
        if keys:
            await self.call(cast(Any, self._put_all(keys=keys, args=[value, ttl])))

    async def drop_unless(self, keys: Sequence[str], kept: bytes) -> None:
        """Delete the keys whose value is not `kept`.

        Raises:
            RedisDown: The server did not answer, or refused.
        """
        if keys:
            await self.call(cast(Any, self._drop(keys=keys, args=[kept])))

    async def publish(self, channel: str, message: str) -> None:
        """Publish `message` to the current subscribers of `channel`, in this process and in others.

        Raises:
            RedisDown: The server did not answer, or refused.
        """
        await self.call(cast(Any, self.raw).publish(self._named(channel), message))

    async def listen(
        self, channel: str, listening: Callable[[bool], None] | None = None
    ) -> AsyncGenerator[bytes]:
        """Yield the messages published to `channel`, until the generator is closed.

        Without Redis it waits and subscribes again; messages published meanwhile are lost. `listening` is
        called with True whenever the server has answered, and with False when the subscription is lost.
        """
        lost, tell = False, listening or _tell_none
        while True:
            try:
                async with aclosing(self._messages(channel)) as messages:
                    async for message in messages:
                        lost = False
                        tell(True)
                        if message is not None:
                            yield message
            except Exception as error:  # noqa: BLE001  (any error must not end the subscription)
                tell(False)
                # Logged once per outage, regardless of the number of subscriptions.
                if not lost and self._seldom.allows("subscription"):
                    _log.warning("redis_subscription_lost", error=error.__class__.__name__)
                lost = True
            await asyncio.sleep(_LISTEN_AGAIN_S)

    async def _messages(self, channel: str) -> AsyncGenerator[bytes | None]:
        """Yield published messages, and None whenever the server has answered."""
        async with cast(Any, self.raw).pubsub() as subscription:
            await subscription.subscribe(self._named(channel))
            asked = False
            while True:
                heard = await subscription.get_message(timeout=_SILENCE_S)
                if heard is None and asked:
                    raise RedisConnectionError
                if heard is None:
                    await subscription.ping()
                elif heard["type"] == "message":
                    yield heard["data"]
                else:
                    yield None
                asked = heard is None

    def script(self, source: str) -> "Script":
        """Register a Lua script; run it through `call`. It may only access the keys passed to it."""
        plain = self.raw.register_script(source)
        return lambda keys, args: cast(Any, plain(keys=[self._named(key) for key in keys], args=args))

    def _named(self, name: str) -> str:
        return self._prefix + name

    async def ping(self) -> None:
        """Check that the server answers.

        Raises:
            RedisDown: The server did not answer, or refused.
        """
        await self.call(cast(Any, self.raw).ping())

    async def info(self) -> dict[str, Any]:
        """Return the server's INFO.

        Raises:
            RedisDown: The server did not answer, or refused.
        """
        return cast(dict[str, Any], await self.call(cast(Any, self.raw).info()))

    async def seconds(self) -> float | None:
        """Return the time of the server's clock (TIME), or None if the user may not execute it.

        Raises:
            RedisDown: The server did not answer.
        """
        try:
            seconds, microseconds = await self.call(cast(Any, self.raw).time())
        except RedisDown as down:
            if down.trouble in (Trouble.RIGHTS, Trouble.COMMAND):
                return None
            raise
        return float(seconds) + microseconds / 1e6

    async def close(self) -> None:
        """Close every connection."""
        await self.raw.aclose(close_connection_pool=True)


async def keep_listening(listen: Callable[[], Awaitable[None]], what: str) -> None:
    """Keep a subscription alive until cancelled; log one line per outage.

    Args:
        listen: Subscribes and does not return while the subscription works.
        what: The name of the subscription in the log.
    """
    said: Trouble | None = None
    while True:
        try:
            await listen()
            said = None
        except Exception as error:  # noqa: BLE001  (any error must not end the subscription)
            trouble = trouble_of(error)
            if trouble is not said:  # logged once per outage
                _log.warning("redis_subscription_lost", about=what, trouble=trouble.value)
            said = trouble
        await asyncio.sleep(_REFUSED_S if said in (Trouble.RIGHTS, Trouble.COMMAND) else _LISTEN_AGAIN_S)


def _tell_none(_listening: bool) -> None:
    """Do nothing: the default listener."""


def _down(error: Exception) -> RedisDown:
    trouble = trouble_of(error)
    return RedisDown(trouble, command_in(error) if trouble in (Trouble.RIGHTS, Trouble.COMMAND) else "")
