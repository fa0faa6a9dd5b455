"""Faults and states of a server, caused directly in its database and its Redis."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

from redis import Redis

from tests.support.servers.live_server import LiveServer


@contextmanager
def missing(server: LiveServer, table: str) -> Generator[None]:
    """Remove a table from the database of `server` within the block."""
    _rename(server, table, f"{table}_elsewhere")
    try:
        yield
    finally:
        _rename(server, f"{table}_elsewhere", table)


def forget_everything_cached(server: LiveServer) -> None:
    """Empty the Redis of `server`, as if its disk had been lost."""
    with closing(redis_of(server)) as client:
        client.flushall()


def redis_of(server: LiveServer) -> Any:
    """Return a client of the Redis of `server`."""
    folder = server.data_dir / "redis"
    note = folder / "socket-folder"  # where the socket is when its usual path would be too long
    socket = (Path(note.read_text()) if note.exists() else folder) / "redis.sock"
    return cast(Any, Redis)(unix_socket_path=str(socket))


def make_stale(server: LiveServer, email: str) -> None:
    """Make a user's sign-ins eleven minutes old."""
    _change(
        server,
        "UPDATE sessions SET authenticated_at = datetime('now', '-11 minutes')"
        " WHERE user_id = (SELECT id FROM users WHERE email = ?)",
        email,
    )
    forget_everything_cached(server)


def end_key(server: LiveServer, name: str, when: str) -> None:
    """Make the API keys of a name expire some time from now, such as `-1 day`."""
    _change(server, "UPDATE api_keys SET expires_at = datetime('now', ?) WHERE name = ?", when, name)


def _rename(server: LiveServer, table: str, name: str) -> None:
    _change(server, f"ALTER TABLE {table} RENAME TO {name}")


def _change(server: LiveServer, statement: str, *given: str) -> None:
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        connection.execute(statement, given)
