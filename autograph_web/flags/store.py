"""SQL statements for flags."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.flags.models import FlagRow
from autograph_web.infra.db.types import table_of

SWITCHED = table_of(FlagRow)
_ALL = select(SWITCHED)  # built once, because it runs repeatedly


async def every(connection: AsyncConnection) -> list[Row[Any]]:
    """Return all overrides."""
    return list(await connection.execute(_ALL))


async def hold(connection: AsyncConnection, name: str) -> Row[Any] | None:
    """Return the override of a flag, locked until the end of the unit of work, or None."""
    query = select(SWITCHED).where(SWITCHED.c.name == name).with_for_update()
    return (await connection.execute(query)).first()


async def add(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Insert the override of a flag that was at its default.

    Raises:
        IntegrityError: A concurrent change has just inserted one.
    """
    await connection.execute(insert(SWITCHED), values)


async def replace(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Update the override of a flag."""
    await connection.execute(update(SWITCHED).where(SWITCHED.c.name == values["name"]).values(**values))


async def remove(connection: AsyncConnection, name: str) -> None:
    """Delete the override of a flag, which restores its default."""
    await connection.execute(delete(SWITCHED).where(SWITCHED.c.name == name))
