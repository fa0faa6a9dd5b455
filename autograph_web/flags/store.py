"""The statements of flags."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.flags.models import FlagRow
from autograph_web.infra.db.types import table_of

SWITCHED = table_of(FlagRow)
_ALL = select(SWITCHED)  # built once: it is asked again and again


async def every(connection: AsyncConnection) -> list[Row[Any]]:
    """Return everything that was switched."""
    return list(await connection.execute(_ALL))


async def hold(connection: AsyncConnection, name: str) -> Row[Any] | None:
    """Return what was switched of a flag, locked until the end of this unit of work."""
    query = select(SWITCHED).where(SWITCHED.c.name == name).with_for_update()
    return (await connection.execute(query)).first()


async def add(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Switch a flag that stood at its default.

    Raises:
        IntegrityError: Somebody else has just switched it.
    """
    await connection.execute(insert(SWITCHED), values)


async def replace(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Switch a flag that was switched before."""
    await connection.execute(update(SWITCHED).where(SWITCHED.c.name == values["name"]).values(**values))


async def remove(connection: AsyncConnection, name: str) -> None:
    """Give a flag back its default."""
    await connection.execute(delete(SWITCHED).where(SWITCHED.c.name == name))
