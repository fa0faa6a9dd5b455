"""SQL statements for recovery codes; each is consumed by an UPDATE that only one request can win."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.authn.methods.recovery_codes.models import RecoveryCode
from autograph_web.infra.db.types import table_of

CODES = table_of(RecoveryCode)


async def replace_codes(connection: AsyncConnection, user_id: UUID, codes: list[RecoveryCode]) -> None:
    """Replace all recovery codes of an account by a new set."""
    await connection.execute(delete(CODES).where(CODES.c.user_id == user_id))
    await connection.execute(insert(CODES), [code.model_dump() for code in codes])


async def use_code(connection: AsyncConnection, user_id: UUID, code_hash: str, now: datetime) -> bool:
    """Consume a recovery code; of any number of concurrent requests only one gets True."""
    result = await connection.execute(
        update(CODES)
        .where(CODES.c.user_id == user_id, CODES.c.code_hash == code_hash, CODES.c.used_at.is_(None))
        .values(used_at=now)
    )
    return result.rowcount == 1


async def codes_left(connection: AsyncConnection, user_id: UUID) -> int:
    """Count the unused recovery codes of an account."""
    query = (
        select(func.count()).select_from(CODES).where(CODES.c.user_id == user_id, CODES.c.used_at.is_(None))
    )
    return int((await connection.execute(query)).scalar_one())


async def remove_since(connection: AsyncConnection, user_id: UUID, since: datetime) -> int:
    """Delete the codes an account got at a moment or later; return how many of them were unused."""
    made = (CODES.c.user_id == user_id, CODES.c.created_at >= since)
    query = select(func.count()).select_from(CODES).where(*made, CODES.c.used_at.is_(None))
    worked = int((await connection.execute(query)).scalar_one())
    await connection.execute(delete(CODES).where(*made))
    return worked
