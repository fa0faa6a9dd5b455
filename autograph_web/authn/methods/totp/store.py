"""SQL statements for authenticators; a time step is consumed by an UPDATE that only one request can win."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.authn.methods.totp.models import ReplacedAuthenticator, TotpFactor
from autograph_web.infra.db.types import table_of

FACTORS = table_of(TotpFactor)
REPLACED = table_of(ReplacedAuthenticator)


async def replace_pending(connection: AsyncConnection, factor: TotpFactor) -> None:
    """Add a pending authenticator, replacing any earlier one that was never confirmed."""
    unconfirmed = (FACTORS.c.user_id == factor.user_id, FACTORS.c.activated_at.is_(None))
    await connection.execute(delete(FACTORS).where(*unconfirmed))
    await connection.execute(insert(FACTORS).values(**factor.model_dump()))


async def find_factor(
    connection: AsyncConnection, user_id: UUID, *, active: bool, lock: bool = False
) -> Row[Any] | None:
    """Return the active, or the newest pending, authenticator of an account; `lock` locks its row."""
    state = FACTORS.c.activated_at.is_not(None) if active else FACTORS.c.activated_at.is_(None)
    query = select(FACTORS).where(FACTORS.c.user_id == user_id, state).order_by(FACTORS.c.created_at.desc())
    return (await connection.execute(query.with_for_update() if lock else query)).first()


async def activate(connection: AsyncConnection, factor: Row[Any], step: int, now: datetime) -> bool:
    """Make a pending authenticator the only one; the time step that confirmed it counts as used."""
    result = await connection.execute(
        update(FACTORS)
        .where(FACTORS.c.id == factor.id, FACTORS.c.activated_at.is_(None))
        .values(activated_at=now, last_step=step, last_used_at=now)
    )
    if result.rowcount == 1:
        mine_but_this = (FACTORS.c.user_id == factor.user_id, FACTORS.c.id != factor.id)
        await _remember_replaced(connection, factor.user_id, factor.id, now)
        await connection.execute(delete(FACTORS).where(*mine_but_this))
    return result.rowcount == 1


async def _remember_replaced(connection: AsyncConnection, user_id: UUID, new: UUID, now: datetime) -> None:
    active = (FACTORS.c.user_id == user_id, FACTORS.c.id != new, FACTORS.c.activated_at.is_not(None))
    before = (await connection.execute(select(FACTORS).where(*active))).first()
    if before is not None:
        await connection.execute(delete(REPLACED).where(REPLACED.c.user_id == user_id))
        kept = {"user_id": user_id, "sealed_secret": before.sealed_secret, "replaced_at": now}
        await connection.execute(insert(REPLACED).values(kept))


async def find_replaced(connection: AsyncConnection, user_id: UUID, since: datetime) -> Row[Any] | None:
    """Return the last authenticator that an account replaced, if that was at a moment or later."""
    query = select(REPLACED).where(REPLACED.c.user_id == user_id, REPLACED.c.replaced_at >= since)
    return (await connection.execute(query)).first()


async def forget_replaced(connection: AsyncConnection, before: datetime) -> int:
    """Delete the keys of authenticators that were replaced before a moment; return how many."""
    return (await connection.execute(delete(REPLACED).where(REPLACED.c.replaced_at < before))).rowcount


async def use_step(connection: AsyncConnection, factor_id: UUID, step: int, now: datetime) -> bool:
    """Consume a time step and every earlier one; of any number of concurrent requests only one gets True."""
    result = await connection.execute(
        update(FACTORS)
        .where(FACTORS.c.id == factor_id, FACTORS.c.last_step < step)
        .values(last_step=step, last_used_at=now)
    )
    return result.rowcount == 1


async def remove_since(connection: AsyncConnection, user_id: UUID, since: datetime | None) -> datetime | None:
    """Delete an account's authenticator, if activated at `since` or later, and any pending setup.

    Returns the time of its activation; of any number of concurrent requests only one gets it.
    """
    mine = FACTORS.c.user_id == user_id
    active = delete(FACTORS).where(mine, FACTORS.c.activated_at.is_not(None))
    if since is not None:
        active = active.where(FACTORS.c.activated_at >= since)
    result = await connection.execute(active.returning(FACTORS.c.activated_at))
    activated_at = max(result.scalars(), default=None)
    await connection.execute(delete(FACTORS).where(mine, FACTORS.c.activated_at.is_(None)))
    if activated_at is not None or since is None:
        await connection.execute(delete(REPLACED).where(REPLACED.c.user_id == user_id))
    return activated_at


async def lock(connection: AsyncConnection, user_id: UUID) -> None:
    """Lock the factors of an account against concurrent changes until the unit of work ends."""
    await connection.execute(select(FACTORS.c.id).where(FACTORS.c.user_id == user_id).with_for_update())


async def factors_after(connection: AsyncConnection, factor_id: UUID | None, limit: int) -> list[Row[Any]]:
    """Return the next authenticators in the order of their ids, to iterate over all of them in batches."""
    query = select(FACTORS).order_by(FACTORS.c.id).limit(limit)
    return list(
        await connection.execute(query if factor_id is None else query.where(FACTORS.c.id > factor_id))
    )


async def count_factors(connection: AsyncConnection) -> int:
    """Count all authenticators."""
    return int((await connection.execute(select(func.count()).select_from(FACTORS))).scalar_one())


async def reseal(connection: AsyncConnection, factor_id: UUID, seen: str, sealed: str) -> bool:
    """Replace a sealed secret, unless it has changed meanwhile; return True if it was replaced."""
    result = await connection.execute(
        update(FACTORS)
        .where(FACTORS.c.id == factor_id, FACTORS.c.sealed_secret == seen)
        .values(sealed_secret=sealed)
    )
    return result.rowcount == 1


async def factors_of(connection: AsyncConnection, user_id: UUID) -> list[Row[Any]]:
    """Return the authenticators of an account, oldest first."""
    query = select(FACTORS).where(FACTORS.c.user_id == user_id).order_by(FACTORS.c.created_at)
    return list(await connection.execute(query))
