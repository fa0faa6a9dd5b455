"""Connections to the Redis in `REDIS_URL`; with Sentinel, to the server that is the current master."""

import asyncio
import socket
from typing import Any, cast

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from autograph_web.infra.redis.url import NO_CLUSTER, Sentinels, parse_redis_url

TIMEOUT_S = 1.0
SUBSCRIPTIONS = 4
"""Connections of a pool in addition to those for commands: each subscription occupies one."""
_PATIENT_S = 5.0
_LOOK_AGAIN_S = 0.05
_CUT = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)  # of a connection that was established
_GONE_S = 10  # seconds that sent data may remain unacknowledged before the server counts as dead


class _WrongServer(RedisConnectionError):
    """The server answered, but must not be used."""


class RedisCluster(_WrongServer):
    """The server is a node of a Redis Cluster, which is not supported."""


class _Watchers(Sentinel):
    """The sentinels, and the number of failovers so far (`config-epoch`)."""

    epoch = 0

    def check_master_state(self, state: dict[str, Any], service_name: str) -> bool:
        good = bool(cast(Any, super()).check_master_state(state, service_name))
        if good:
            self.epoch = int(state["config-epoch"])
        return good


class BoundedPool(ConnectionPool):
    """At most `max_connections`: a further caller waits, and connections that are not needed are closed.

    A server that rejects more clients is not an outage while we have connections to it: the caller waits for
    one of those.
    """

    wait_seconds = 1.0
    """Seconds to wait for a connection before it counts as an outage."""
    sweep_seconds = 30.0
    """Seconds after which an unused connection is closed."""

    def __init__(self, **options: Any) -> None:
        cast(Any, super()).__init__(**options)
        self._turns = asyncio.Semaphore(self.max_connections)
        self._unused = 0  # the minimum number of idle connections since the last sweep
        self._sweep: asyncio.TimerHandle | None = None

    async def get_connection(self, *_command: Any, **_options: Any) -> Any:
        """Return a connection that is ready for a command.

        Raises:
            RedisConnectionError: None became free in time, or the server cannot be reached.
        """
        try:
            async with asyncio.timeout(self.wait_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise RedisConnectionError("no connection became free") from None
        try:
            return await self._ready()
        except BaseException:
            self._turns.release()
            raise

    async def release(self, connection: Any) -> None:
        """Return a connection to the pool, and wake a waiting caller."""
        try:
            await super().release(connection)
        finally:
            self._turns.release()
        self._sweep_later()

    async def disconnect(self, inuse_connections: bool = True) -> None:
        """Close the idle connections and, by default, also those in use."""
        if self._sweep is not None and inuse_connections:
            self._sweep.cancel()
            self._sweep = None
        await super().disconnect(inuse_connections)

    async def _ready(self) -> Any:
        loop = asyncio.get_running_loop()
        until = loop.time() + self.wait_seconds
        while True:
            connection: Any = self.get_available_connection()
            self._unused = min(self._unused, len(self._available_connections))
            try:
                await self.ensure_connection(connection)
            except BaseException as error:
                # Not returned to the idle ones, where it would be taken again before one that works.
                self._in_use_connections.discard(connection)
                await connection.disconnect(nowait=True)
                if not _is_turned_away(error) or loop.time() > until or not self._is_connected():
                    raise
            else:
                return connection
            await asyncio.sleep(_LOOK_AGAIN_S)

    def _is_connected(self) -> bool:
        every = (*self._available_connections, *self._in_use_connections)
        return any(connection.is_connected for connection in every)

    def _sweep_later(self) -> None:
        if self._sweep is None and len(self._available_connections) > 1:
            self._unused = len(self._available_connections)
            self._sweep = asyncio.get_running_loop().call_later(self.sweep_seconds, self._close_unused)

    def _close_unused(self) -> None:
        """Close connections that were idle since the last sweep, except one; the longest idle are first."""
        self._sweep = None
        count = max(min(self._unused, len(self._available_connections) - 1), 0)
        gone, self._available_connections = (
            self._available_connections[:count],
            self._available_connections[count:],
        )
        for connection in gone:
            _closing.add(task := asyncio.create_task(connection.disconnect()))
            task.add_done_callback(_closing.discard)
        self._sweep_later()


def _is_turned_away(error: BaseException) -> bool:
    """Return True if a server accepted and closed: it rejects clients beyond `maxclients` in this way."""
    if not isinstance(error, RedisConnectionError) or isinstance(error, _WrongServer):
        return False
    # redis-py sets the system's error as the context, not as the cause.
    links = [error.__context__, error.__cause__]
    return not any(isinstance(link, OSError) and not isinstance(link, _CUT) for link in links)


class _MasterPool(BoundedPool, SentinelConnectionPool):
    """Connections to the master; closing it also closes those to the sentinels."""

    def __init__(self, master: str, watchers: _Watchers, **options: Any) -> None:
        super().__init__(service_name=master, sentinel_manager=watchers, **options)

    async def disconnect(self, inuse_connections: bool = True) -> None:
        await super().disconnect(inuse_connections)
        if inuse_connections:  # final, and not because the master has changed
            for sentinel in cast(Any, self).sentinel_manager.sentinels:
                await sentinel.aclose(close_connection_pool=True)


_closing: set[asyncio.Task[None]] = set()


class RedisPool:
    """A pool for `url`, and the identity of the server of its newest connection."""

    def __init__(self, url: str, **options: Any) -> None:
        """Create the pool, without connecting; `options` are those of a redis-py connection.

        Raises:
            ValueError: As for `parse_redis_url`.
        """
        self.run = ""
        self._watchers: _Watchers | None = None
        # Without the library name: it is looked up among the installed packages for each connection, which
        # blocks the event loop for 5 ms and costs two commands.
        given = {"redis_connect_func": self._greet, "driver_info": None, **options}
        sentinels = parse_redis_url(url)
        if sentinels is None:
            self.pool: Any = cast(Any, BoundedPool).from_url(url, **given)
        else:
            self._watchers = _watchers(sentinels)
            self.pool = _MasterPool(sentinels.master, self._watchers, **_credentials(sentinels), **given)

    async def _greet(self, connection: AbstractConnection) -> None:
        await connection.on_connect()
        self.run = _name(await _asked(connection, "INFO", "server"))
        if self._watchers is not None:
            # A sentinel that missed a failover returns the old master, which now replicates the new one.
            if (await _asked(connection, "ROLE"))[0] != b"master":
                raise _WrongServer("the sentinels named a server that is no master")
            # A server that becomes master for a second time still holds data from the first.
            self.run = f"{self.run}.{self._watchers.epoch}"


def follower(url: str, commands: int) -> Any:
    """Return a client for third-party code, with connections for `commands` concurrent commands.

    It follows the master; unlike our own client it may wait long for messages.
    """
    pool = RedisPool(
        url,
        max_connections=commands + SUBSCRIPTIONS,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
        retry_on_error=[RedisError],
        **({} if url.startswith("unix:") else _keepalive()),
    )
    pool.pool.wait_seconds = _PATIENT_S
    client: Any = cast(Any, Redis).from_pool(pool.pool)
    return client


def _keepalive() -> dict[str, Any]:
    # Without these options a server whose machine lost power would be waited for a quarter of an hour.
    options = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": _GONE_S * 1000}
    known = {getattr(socket, name): value for name, value in options.items() if hasattr(socket, name)}
    return {"socket_keepalive": True, "socket_keepalive_options": known}


async def _asked(connection: AbstractConnection, *command: str) -> Any:
    await connection.send_command(*command)
    return await cast(Any, connection).read_response()


def _name(reply: Any) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    lines = (line.strip().partition(":") for line in text.splitlines())
    told = {name: value for name, _, value in lines}
    if told.get("redis_mode") == "cluster":
        raise RedisCluster(NO_CLUSTER)
    return told.get("run_id", "unknown")[:16]


def _watchers(sentinels: Sentinels) -> _Watchers:
    asking = {
        "username": sentinels.sentinel_username,
        "password": sentinels.sentinel_password,
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
        "retry": Retry(NoBackoff(), 1),
        **_tls(sentinels),
    }
    return _Watchers(sentinels.addresses, sentinel_kwargs=asking)


def _credentials(sentinels: Sentinels) -> dict[str, Any]:
    who = {"username": sentinels.username, "password": sentinels.password, "db": sentinels.database}
    return who | _tls(sentinels)


def _tls(sentinels: Sentinels) -> dict[str, Any]:
    if not sentinels.tls:
        return {}
    return {"ssl": True} | ({"ssl_ca_certs": sentinels.ca_file} if sentinels.ca_file else {})
