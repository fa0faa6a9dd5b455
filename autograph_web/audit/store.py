"""The audit log's statements: rows are added and read; all they ever lose is whom they could lead to."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, desc, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.models import AuditRow
from autograph_web.core.tables import table_of

AUDIT = table_of(AuditRow)
_ADD = insert(AUDIT)  # built once: to build it takes longer than to run it


async def add(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Add one row."""
    await connection.execute(_ADD, values)


async def newest(connection: AsyncConnection, user_id: UUID, limit: int) -> list[Row[Any]]:
    """Return the newest rows of an account, newest first."""
    query = select(AUDIT).where(AUDIT.c.user_id == user_id).order_by(desc(AUDIT.c.id)).limit(limit)
    return list(await connection.execute(query))


async def after(connection: AsyncConnection, user_id: UUID, last_id: int, limit: int) -> list[Row[Any]]:
    """Return the rows of an account that follow `last_id`, oldest first."""
    query = select(AUDIT).where(AUDIT.c.user_id == user_id, AUDIT.c.id > last_id)
    return list(await connection.execute(query.order_by(AUDIT.c.id).limit(limit)))


async def forget_origin(connection: AsyncConnection, user_id: UUID) -> None:
    """Blank where the events of an account came from; what happened, and in which order, stays."""
    await connection.execute(update(AUDIT).where(AUDIT.c.user_id == user_id).values(ip="", user_agent=""))


async def newest_elsewhere(
    connection: AsyncConnection, user_id: UUID, kind: str, session_id: UUID
) -> Row[Any] | None:
    """Return the newest row of `kind` of an account that does not belong to `session_id`."""
    query = (
        select(AUDIT)
        .where(AUDIT.c.user_id == user_id, AUDIT.c.kind == kind, AUDIT.c.session_id != session_id)
        .order_by(desc(AUDIT.c.id))
        .limit(1)
    )
    return (await connection.execute(query)).first()
