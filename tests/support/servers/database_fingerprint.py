"""The content of a SQLite database, to detect changes."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

Fingerprint = frozenset[tuple[str, ...]]
"""Every row: its table, then its values."""

# Tables that the server changes by itself: it links audit rows into the chain, and sends emails.
_CLOCKWORK = ("alembic_version", "audit_chain", "audit_checkpoints", "audit_keys")
_OF_INTEREST = {"outbox": ("message_id",)}
# When a session was last seen is written from time to time, regardless of the caller.
_RESTLESS = ("last_seen_at", "idle_expires_at")


def fingerprint(file: Path) -> Fingerprint:
    """Return the content of a database."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return frozenset(
            row for (table,) in tables if table not in _CLOCKWORK for row in _rows(connection, table)
        )


def changes(
    before: Fingerprint, after: Fingerprint, *, but_of: str = "", but_in: Collection[str] = ()
) -> list[tuple[str, ...]]:
    """Return the rows added or removed, except those of an account (by its id) and those in some tables."""
    own = {but_of, *(row[1] for row in before | after if row[0] == "sessions" and but_of in row)} - {""}
    return sorted(row for row in before ^ after if row[0] not in but_in and own.isdisjoint(row))


def events(file: Path) -> dict[int, str]:
    """Return the types of the events in the audit log, by their ids."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("SELECT id, kind FROM audit_log").fetchall())


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[str, ...]]:
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    kept = _OF_INTEREST.get(table) or [name for name in names if name not in _RESTLESS]
    found = connection.execute(f"SELECT {', '.join(kept)} FROM {table}")  # noqa: S608  (our own names)
    return [(table, *map(str, row)) for row in found]
