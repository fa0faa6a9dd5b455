"""One migration as the previous version sees it: the tables it knows, and what becomes of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
)

_numbers = count(1)
_MAKERS: dict[type, Callable[[int], Any]] = {
    bool: lambda _: True,
    int: lambda number: number,
    str: lambda number: f"{number:x}",
    bytes: lambda number: f"{number:x}".encode(),
    datetime: lambda number: datetime.fromtimestamp(number, UTC),
    date: date.fromordinal,
    UUID: lambda number: UUID(int=number),
    object: lambda number: {"number": number},  # JSON
}


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: its revision, and the tables before and after it."""

    revision: str
    before: MetaData
    after: MetaData


def steps(config: Config) -> Iterator[Step]:
    """Apply every migration to an empty database, one at a time.

    The caller may use the database between two steps: `before` is the schema it knew until then, and it finds
    the next one.
    """
    connection: Connection = config.attributes["connection"]
    before = MetaData()
    for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
        command.upgrade(config, script.revision)
        after = reflected(connection)
        yield Step(script.revision, before, after)
        before = after


def reflected(connection: Connection) -> MetaData:
    """The tables that a database has."""
    found = MetaData()
    found.reflect(connection)
    return found


def breakages(before: MetaData, after: MetaData) -> list[str]:
    """What would break the version that knows the tables `before`."""
    found: list[str] = []
    for name, table in before.tables.items():
        if name not in after.tables:
            found.append(f"{name} is gone")
        else:
            found += _in_table(table, after.tables[name])
    return found


def _in_table(old: Table, new: Table) -> list[str]:
    found = [what for column in old.columns for what in _in_column(column, new.columns.get(column.name))]
    added = [column for column in new.columns if column.name not in old.columns]
    found += [
        f"{column} must be given and has no default in the database"
        for column in added
        if not column.nullable and column.server_default is None
    ]
    found += [
        f"{new.name} demands one row for each {', '.join(sorted(names))}"
        for names in sorted(_unique(new) - _unique(old), key=sorted)
        # Null values never collide, and the previous version leaves these columns null.
        if not any(_left_empty(column) and column.name in names for column in added)
    ]
    found += [f"{new.name} refuses more: {rule}" for rule in sorted(_rules(new) - _rules(old))]
    return found


def _in_column(old: Column[Any], new: Column[Any] | None) -> list[str]:
    if new is None:
        return [f"{old} is gone"]
    found: list[str] = []
    if not _holds(new, old):
        found.append(f"{old} was {old.type!r} and is {new.type!r}")
    if old.nullable and not new.nullable:
        found.append(f"{old} may no longer be empty")
    if new.nullable and not old.nullable:
        found.append(f"{old} may be empty, which a reader does not expect")
    if old.server_default is not None and new.server_default is None:
        found.append(f"{old} has no default any more")
    return found


def _holds(new: Column[Any], old: Column[Any]) -> bool:
    """Whether every value of the old column fits into the new one and is read back unchanged."""
    if repr(new.type) == repr(old.type):
        return True
    if isinstance(new.type, String) and isinstance(old.type, String):
        return new.type.length is None or (old.type.length or new.type.length + 1) <= new.type.length
    return isinstance(new.type, BigInteger) and isinstance(old.type, Integer)


def _left_empty(column: Column[Any]) -> bool:
    return bool(column.nullable) and column.server_default is None


def _unique(table: Table) -> set[frozenset[str]]:
    constraints = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    unique = [*constraints, *(index for index in table.indexes if index.unique), table.primary_key]
    return {frozenset(column.name for column in one.columns) for one in unique}


def _rules(table: Table) -> set[str]:
    checks = [str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint)]
    return {*checks, *(f"{key.parent} points to {key.target_fullname}" for key in table.foreign_keys)}


@dataclass(frozen=True, slots=True)
class Written:
    """Rows written by a version that knows these tables."""

    tables: MetaData
    rows: dict[str, dict[str, Any]]


def write(connection: Connection, known: MetaData) -> Written:
    """Write a row into each of the `known` tables, naming only the columns known."""
    rows: dict[str, dict[str, Any]] = {}
    for table in known.sorted_tables:
        if table.name != "alembic_version":
            row = rows[table.name] = {column.name: _value(column, rows) for column in table.columns}
            if all(column.foreign_keys for column in table.primary_key):  # a trigger may have inserted it
                connection.execute(delete(table).where(*(key == row[key.name] for key in table.primary_key)))
            connection.execute(insert(table).values(row))
    return Written(known, rows)


def read(connection: Connection, written: Written) -> dict[str, dict[str, Any]]:
    """Read the rows back by their keys, naming only the columns that were written."""
    found: dict[str, dict[str, Any]] = {}
    for name, row in written.rows.items():
        table = written.tables.tables[name]
        chosen = select(table).where(*(column == row[column.name] for column in table.primary_key))
        found[name] = dict(connection.execute(chosen).mappings().one())
    return found


def _value(column: Column[Any], rows: dict[str, dict[str, Any]]) -> Any:
    for key in column.foreign_keys:
        table, _, name = key.target_fullname.partition(".")
        return rows[table][name]
    kind = column.type.python_type
    value = _MAKERS.get(kind, _MAKERS[object])(next(_numbers))
    # SQLite stores no offset.
    aware = getattr(column.type, "timezone", True)
    return value if aware or kind is not datetime else value.replace(tzinfo=None)
