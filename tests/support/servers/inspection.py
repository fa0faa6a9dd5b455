"""Inspecting the real servers from outside: the content of Redis, and how often each server was called."""

import os
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from redis import Redis
from sqlalchemy import event

from autograph_web.container import Services
from autograph_web.infra.redis.embedded import EmbeddedRedis


class RedisWindow:
    """A second client of the same Redis."""

    def __init__(self, url: str) -> None:
        self.client = cast(Any, Redis).from_url(url)

    def keys(self, pattern: str = "*") -> list[str]:
        return sorted(key.decode() for key in self.client.scan_iter(pattern))

    def forget(self, pattern: str) -> None:
        """Delete the keys of a pattern, as expiry would."""
        for key in self.keys(pattern):
            self.client.delete(key)

    def text(self) -> str:
        """Return the values of every plain key."""
        plain = (key for key in self.keys("*") if self.client.type(key) == b"string")
        return "\n".join((self.client.get(key) or b"").decode() for key in plain)

    def lifetimes(self) -> dict[str, int]:
        """Return the remaining lifetime of each key in milliseconds; -1 means no expiry."""
        return {key: self.client.pttl(key) for key in self.keys()}

    def commands(self) -> dict[str, int]:
        """Return how often each command has run so far, without those of this client."""
        stats = self.client.info("commandstats")
        return {name.removeprefix("cmdstat_"): entry["calls"] for name, entry in stats.items()} | {"info": 0}

    @contextmanager
    def counting(self) -> Generator[dict[str, int]]:
        """Count how often each command runs within the block."""
        before, found = self.commands(), dict[str, int]()
        yield found
        after = self.commands()
        found.update({name: n - before.get(name, 0) for name, n in after.items() if n > before.get(name, 0)})


@pytest.fixture
def redis_window(redis_url: str) -> Generator[RedisWindow]:
    """An inspecting client of the Redis of the services under test."""
    window = RedisWindow(redis_url)
    yield window
    window.client.close()


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Generator[EmbeddedRedis]:
    """A Redis for this test alone, to stop and restart."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis", numbered=True)).start()
    yield server
    server.stop()


def flush(server: EmbeddedRedis) -> None:
    """Empty the server."""
    client = cast(Any, Redis).from_url(server.url)
    client.flushall()
    client.close()


def process_of(server: EmbeddedRedis) -> int:
    """Return the server's process id."""
    client = cast(Any, Redis).from_url(server.url)
    process: int = client.info("server")["process_id"]
    client.close()
    return process


def kill(server: EmbeddedRedis) -> None:
    """Kill the server without warning."""
    os.kill(process_of(server), signal.SIGKILL)
    server.stop()


@contextmanager
def statements(services: Services, *, of_flags: bool = False) -> Generator[list[str]]:
    """Collect the SQL statements of the block; `of_flags` includes each process's reads of the flags."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if of_flags or "FROM flags" not in statement:
            seen.append(statement)

    engine = services.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        cast(Callable[..., None], event.remove)(engine, "before_cursor_execute", note)


def asked_by_request(seen: list[str]) -> list[str]:
    """Return the statements of a request itself: the audit chain linker and the courier run next to it."""
    own = ("users", "links", "sessions", "INSERT INTO audit_log", "INSERT INTO outbox")
    return [one for one in seen if any(mark in one for mark in own)]
