"""Connections to the Redis that `REDIS_URL` names; with Sentinel, to whichever server is the master now."""

import socket
from typing import Any, cast

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from autograph_web.core.redis_address import NO_CLUSTER, Sentinels, parse_redis_url

TIMEOUT_S = 1.0
_GONE_S = 10  # how long a command may stay unacknowledged before its server counts as gone


class RedisCluster(RedisConnectionError):
    """The server is a node of a Redis Cluster, which can never do."""


class _Watchers(Sentinel):
    """The sentinels, and how often they have changed the master (its `config-epoch`)."""

    epoch = 0

    def check_master_state(self, state: dict[str, Any], service_name: str) -> bool:
        good = bool(cast(Any, super()).check_master_state(state, service_name))
        if good:
            self.epoch = int(state["config-epoch"])
        return good


class _MasterPool(SentinelConnectionPool):
    """Connections to the master; it closes those to the sentinels as well."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        await super().disconnect(inuse_connections)
        if inuse_connections:  # for good, and not because the master has changed
            for sentinel in cast(Any, self).sentinel_manager.sentinels:
                await sentinel.aclose(close_connection_pool=True)


class RedisPool:
    """A pool for `url`, and the name of the server that its newest connection reached."""

    def __init__(self, url: str, **options: Any) -> None:
        """Connect nowhere yet; `options` are those of a redis-py connection.

        Raises:
            ValueError: As for `parse_redis_url`.
        """
        self.run = ""
        self._watchers: _Watchers | None = None
        given = {"redis_connect_func": self._greet, **options}
        sentinels = parse_redis_url(url)
        if sentinels is None:
            self.pool: Any = cast(Any, ConnectionPool).from_url(url, **given)
        else:
            self._watchers = _watchers(sentinels)
            self.pool = _MasterPool(sentinels.master, self._watchers, **_credentials(sentinels), **given)

    async def _greet(self, connection: AbstractConnection) -> None:
        await connection.on_connect()
        self.run = _name(await _asked(connection, "INFO", "server"))
        if self._watchers is not None:
            # A sentinel that missed a failover names the old master, which by now copies from the new one.
            if (await _asked(connection, "ROLE"))[0] != b"master":
                raise RedisConnectionError("the sentinels named a server that is no master")
            # A server that is master for a second time still holds copies from the first.
            self.run = f"{self.run}.{self._watchers.epoch}"


def follower(url: str) -> Any:
    """Return a client that finds the master, for others' code; unlike ours it may wait long for messages."""
    options = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": _GONE_S * 1000}
    keepalive = {getattr(socket, name): value for name, value in options.items() if hasattr(socket, name)}
    pool = RedisPool(
        url,
        socket_connect_timeout=TIMEOUT_S,
        socket_keepalive=True,
        # Without these a master whose machine lost its power would be waited for a quarter of an hour.
        socket_keepalive_options=keepalive,
        retry=Retry(NoBackoff(), 1),
        retry_on_error=[RedisError],
    )
    client: Any = cast(Any, Redis).from_pool(pool.pool)
    return client


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
