"""The Redis client: quick to give up, and aware of which server process it talks to."""

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
_SILENCE_S = 15.0  # how long a subscription may say nothing before it is asked whether it is still there
_LISTEN_AGAIN_S = 1.0
_REFUSED_S = 30.0  # somebody has to put it right first
# Neither of Redis's own two is one of Python's.
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
        """Return the call, to be awaited."""
        ...


class RedisDown(Exception):
    """Redis did not do what it was to; each caller knows its own way to go on safely.

    `trouble` says why, and `command` which command it was if the user may not use it.
    """

    def __init__(self, trouble: Trouble = Trouble.AWAY, command: str = "") -> None:
        super().__init__(trouble.value)
        self.trouble, self.command = trouble, command


def is_outage(exception: BaseException | None) -> bool:
    """Return True if Redis caused an exception: it did not answer, or refused what it was asked."""
    while exception is not None:
        if isinstance(exception, RedisError | ConnectionError | TimeoutError):
            return True
        exception = exception.__cause__
    return False


class RedisClient:
    """Commands with one kind of failure, `RedisDown`, and the identity of the server behind them.

    `run` names the server process the newest connection reached, and with Sentinel its time as the master.
    Whatever a restarted or failed-over server still holds was written under another name, so a cache keyed by
    `run` cannot be revived.
    """

    def __init__(self, url: str, clock: Clock, commands: int = 6, prefix: str = "") -> None:
        """Connect nowhere yet; every key and channel is `prefix` and the name its caller gives it."""
        self._prefix = prefix
        self._rest = CircuitBreaker(clock.seconds)
        self._seldom = LogThrottle(clock.seconds, SHORT_S)
        # More at once than there are connections would be told from an outage by nobody.
        self._turns = asyncio.Semaphore(commands)
        self._pool = RedisPool(
            url,
            max_connections=commands + SUBSCRIPTIONS,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            # One immediate retry replaces a connection the server closed while it lay in the pool. Not after
            # a timeout: the command may yet be carried out, and what is taken twice is lost.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self.raw = Redis(connection_pool=self._pool.pool)
        self._put_all = self.script(_PUT_ALL)
        self._drop = self.script(_DROP)

    @property
    def run(self) -> str:
        """The name of the server process that the newest connection reached; "" before the first."""
        return self._pool.run

    async def call(self, command: Awaitable[_T], anyway: bool = False) -> _T:
        """Await one command; `anyway` even if there was no answer within the last second.

        Raises:
            RedisDown: The server did not answer, now or within the last second.
        """
        try:
            async with self._turns:
                return await self._ask(command, anyway)
        finally:
            cast(Any, command).close()  # whoever gave up before it was its turn has not begun it

    async def _ask(self, command: Awaitable[_T], anyway: bool) -> _T:
        if self._rest.is_open() and not anyway:
            raise RedisDown
        try:
            answer = await command
        except (RedisError, OSError, TimeoutError) as error:
            down = _down(error)
            # Everybody who comes meets the same.
            if self._seldom.allows(f"{down.trouble} {down.command}"):
                named = {"command": down.command} if down.command else {}
                _log.warning("redis_failed", trouble=down.trouble.value, error=type(error).__name__, **named)
            if isinstance(error, _NO_ANSWER):
                self._rest.record_failure()
            raise down from error
        self._rest.record_success()
        return answer

    def note_answer(self) -> None:
        """Go without Redis no longer: another client of the same server has just had an answer."""
        self._rest.record_success()

    def trace_commands(self) -> None:
        """Tell each command as a part of the trace of whoever sends it: its name, not its keys."""
        plain: Any = cast(Any, self.raw).execute_command

        async def told(*arguments: Any, **options: Any) -> Any:
            name = str(arguments[0]).split(" ")[0]
            with step(f"redis {name}", db__system__name="redis", db__operation__name=name):
                return await plain(*arguments, **options)

        cast(Any, self.raw).execute_command = told

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of `keys` in one round trip.

        Raises:
            RedisDown: The server did not answer.
        """
        return cast(
            list[bytes | None], await self.call(cast(Any, self.raw.mget([self._named(key) for key in keys])))
        )

    async def take(self, key: str, anyway: bool = False) -> bytes | None:
        """Return the value of `key` and delete it in the same step (GETDEL): only one taker gets it.

        `anyway` is for what cannot be had without Redis and was put there a moment ago, so that it answers.

        Raises:
            RedisDown: The server did not answer.
        """
        return cast(bytes | None, await self.call(cast(Any, self.raw.getdel(self._named(key))), anyway))

    async def put(self, key: str, value: str | int, ttl: int, only_new: bool = False) -> bool:
        """Store `value` for `ttl` seconds and return True if it was; with `only_new` an existing value stays.

        Raises:
            RedisDown: The server did not answer.
        """
        return bool(
            await self.call(cast(Any, self.raw.set(self._named(key), value, ex=max(1, ttl), nx=only_new)))
        )

    async def put_all(self, keys: Sequence[str], value: str, ttl: int) -> None:
        """Store `value` under every one of `keys` for `ttl` seconds.

        Raises:
            RedisDown: The server did not answer.
        """
        if keys:
            await self.call(cast(Any, self._put_all(keys=keys, args=[value, ttl])))

    async def drop_unless(self, keys: Sequence[str], kept: bytes) -> None:
        """Delete the keys whose value is not `kept`.

        Raises:
            RedisDown: The server did not answer.
        """
        if keys:
            await self.call(cast(Any, self._drop(keys=keys, args=[kept])))

    async def publish(self, channel: str, message: str) -> None:
        """Send `message` to whoever listens to `channel` now, in this process and in others.

        Raises:
            RedisDown: The server did not answer.
        """
        await self.call(cast(Any, self.raw).publish(self._named(channel), message))

    async def listen(
        self, channel: str, listening: Callable[[bool], None] | None = None
    ) -> AsyncGenerator[bytes]:
        """Yield what is published to `channel`, for as long as somebody asks.

        Without Redis it waits and then listens again; what was published meanwhile is lost. `listening` is
        called with True whenever the server has shown that it is there, and with False when it is lost.
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
            except Exception as error:  # noqa: BLE001  (whatever it was, listening must go on)
                tell(False)
                # Once is enough for one outage, however many listen.
                if not lost and self._seldom.allows("subscription"):
                    _log.warning("redis_subscription_lost", error=error.__class__.__name__)
                lost = True
            await asyncio.sleep(_LISTEN_AGAIN_S)

    async def _messages(self, channel: str) -> AsyncGenerator[bytes | None]:
        """Yield what is published, and None whenever the server has shown that it is there."""
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
        """Register a Lua script; run it through `call`. It may use no other keys than those it is given."""
        plain = self.raw.register_script(source)
        return lambda keys, args: cast(Any, plain(keys=[self._named(key) for key in keys], args=args))

    def _named(self, name: str) -> str:
        return self._prefix + name

    async def ping(self) -> None:
        """Ask for one answer.

        Raises:
            RedisDown: There was none.
        """
        await self.call(cast(Any, self.raw).ping())

    async def info(self) -> dict[str, Any]:
        """Return what the server tells about itself (INFO).

        Raises:
            RedisDown: There was no answer.
        """
        return cast(dict[str, Any], await self.call(cast(Any, self.raw).info()))

    async def seconds(self) -> float | None:
        """Return what the clock of the server says (TIME), or None to a user who may not ask.

        Raises:
            RedisDown: There was no answer.
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
    """Listen for as long as somebody asks; of a Redis that is away or refuses, say so in one line.

    Args:
        listen: Subscribes and does not return while all is well.
        what: What is listened to, for the log.
    """
    said: Trouble | None = None
    while True:
        try:
            await listen()
            said = None
        except Exception as error:  # noqa: BLE001  (whatever it was, listening must go on)
            trouble = trouble_of(error)
            if trouble is not said:  # once is enough for one outage
                _log.warning("redis_subscription_lost", about=what, trouble=trouble.value)
            said = trouble
        await asyncio.sleep(_REFUSED_S if said in (Trouble.RIGHTS, Trouble.COMMAND) else _LISTEN_AGAIN_S)


def _tell_none(_listening: bool) -> None:
    """Stand for the listener that does not ask."""


def _down(error: Exception) -> RedisDown:
    trouble = trouble_of(error)
    return RedisDown(trouble, command_in(error) if trouble in (Trouble.RIGHTS, Trouble.COMMAND) else "")
