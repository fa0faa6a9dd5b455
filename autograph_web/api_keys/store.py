"""SQL statements for API keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.store import MFA_ENABLED, USERS
from autograph_web.api_keys.models import ApiKeyRow
from autograph_web.infra.db.types import table_of

KEYS = table_of(ApiKeyRow)


async def add(connection: AsyncConnection, key: ApiKeyRow) -> None:
    """Add a key."""
    await connection.execute(insert(KEYS).values(**key.model_dump()))


async def find(connection: AsyncConnection, key_id: str) -> Row[Any] | None:
    """Return a key joined with its account, whatever the state of either, or None."""
    return (await connection.execute(_FIND, {"the_id": key_id})).first()


async def count_in_force(connection: AsyncConnection, user_id: UUID, now: datetime) -> int:
    """Count the active keys of an account."""
    query = (
        select(func.count())
        .select_from(KEYS)
        .where(KEYS.c.user_id == user_id, KEYS.c.revoked_at.is_(None))
        .where(or_(KEYS.c.expires_at.is_(None), KEYS.c.expires_at > now))
    )
    return int((await connection.execute(query)).scalar_one())


async def unrevoked_of(connection: AsyncConnection, user_id: UUID) -> list[Row[Any]]:
    """Return the keys of an account that were not revoked, including expired ones, newest first."""
    query = select(KEYS).where(KEYS.c.user_id == user_id, KEYS.c.revoked_at.is_(None))
    return list(await connection.execute(query.order_by(KEYS.c.created_at.desc(), KEYS.c.id)))


async def all_of(connection: AsyncConnection, user_id: UUID) -> list[Row[Any]]:
    """Return every stored key of an account, oldest first."""
    query = select(KEYS).where(KEYS.c.user_id == user_id)
    return list(await connection.execute(query.order_by(KEYS.c.created_at, KEYS.c.id)))


async def touch(
    connection: AsyncConnection, key_id: str, now: datetime, unless_since: datetime, ip: str
) -> None:
    """Record the use of a key, unless one was recorded after `unless_since`."""
    await connection.execute(
        update(KEYS)
        .where(KEYS.c.id == key_id, or_(KEYS.c.last_used_at.is_(None), KEYS.c.last_used_at <= unless_since))
        .values(last_used_at=now, last_used_ip=ip)
    )


async def revoke(connection: AsyncConnection, user_id: UUID, key_id: str, now: datetime) -> bool:
    """Revoke one key of an account; of any number of concurrent requests only one gets True."""
    return await _revoke(connection, user_id, now, key_id) == 1


async def revoke_all(connection: AsyncConnection, user_id: UUID, now: datetime) -> int:
    """Revoke every key of an account; return how many were not revoked before."""
    return await _revoke(connection, user_id, now)


async def remove_all(connection: AsyncConnection, user_id: UUID) -> int:
    """Delete every key of an account; return how many there were."""
    return (await connection.execute(delete(KEYS).where(KEYS.c.user_id == user_id))).rowcount


async def forget(connection: AsyncConnection, before: datetime) -> int:
    """Delete the keys that were revoked, or expired, before a moment; return how many."""
    over = or_(KEYS.c.revoked_at <= before, KEYS.c.expires_at <= before)
    return (await connection.execute(delete(KEYS).where(over))).rowcount


async def _revoke(
    connection: AsyncConnection, user_id: UUID, now: datetime, key_id: str | None = None
) -> int:
    statement = update(KEYS).where(KEYS.c.user_id == user_id, KEYS.c.revoked_at.is_(None))
    if key_id is not None:
        statement = statement.where(KEYS.c.id == key_id)
    return (await connection.execute(statement.values(revoked_at=now))).rowcount


# The statement of every request with a key, built once: building it takes longer than running it.
_FIND = (
    select(KEYS, USERS.c.email, USERS.c.role, MFA_ENABLED, USERS.c.status)
    .join(USERS, USERS.c.id == KEYS.c.user_id)
    .where(KEYS.c.id == bindparam("the_id"))
)
