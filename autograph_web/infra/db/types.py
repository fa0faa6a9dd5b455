"""What every table shares: how moments are stored, how constraints are named, how to get at the table."""

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import DateTime, Dialect, MetaData, Table
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

# Constraint names the same on every database, so that a migration can name what it drops.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(SQLModel):
    """What our tables are declared with; those of a program around us stay in its own metadata."""

    metadata = MetaData(naming_convention=_NAMES)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: SQLite would otherwise forget the offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store aware moments as UTC; a naive one is a fault of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without an offset must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the offset back where the database did not keep it."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def table_of(model: type[SQLModel]) -> Table:
    """Return the table that `model` maps, for statements that need no object built."""
    return cast(Table, cast(Any, model).__table__)
