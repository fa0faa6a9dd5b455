"""What stands in a SQLite database, to tell whether somebody changed it."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

Fingerprint = frozenset[tuple[str, ...]]
"""Every row: its table, then its values."""

# What the server does by itself meanwhile: it links audit rows into the chain, and sends letters.
_CLOCKWORK = ("alembic_version", "audit_chain", "audit_checkpoints", "audit_keys")
_OF_INTEREST = {"outbox": ("message_id",)}
# When a session was seen last is written down now and then, whoever comes.
_RESTLESS = ("last_seen_at", "idle_expires_at")


def fingerprint(file: Path) -> Fingerprint:
    """Return what a database holds."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return frozenset(
            row for (table,) in tables if table not in _CLOCKWORK for row in _rows(connection, table)
        )


def changes(
    before: Fingerprint, after: Fingerprint, *, but_of: str = "", but_in: Collection[str] = ()
) -> list[tuple[str, ...]]:
    """Return the rows that came or went, but those of an account (by its id) and those in some tables."""
    own = {but_of, *(row[1] for row in before | after if row[0] == "sessions" and but_of in row)} - {""}
    return sorted(row for row in before ^ after if row[0] not in but_in and own.isdisjoint(row))


def events(file: Path) -> dict[int, str]:
    """Return the kinds of the events in the audit log, by their ids."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("SELECT id, kind FROM audit_log").fetchall())


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[str, ...]]:
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    kept = _OF_INTEREST.get(table) or [name for name in names if name not in _RESTLESS]
    found = connection.execute(f"SELECT {', '.join(kept)} FROM {table}")  # noqa: S608  (our own names)
    return [(table, *map(str, row)) for row in found]
