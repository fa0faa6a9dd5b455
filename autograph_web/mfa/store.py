"""The statements of second factors; whatever works once is used up by an UPDATE that only one can win.

A unit of work that changes several of these tables goes through them in this order, so that no two wait for
each other: authenticators (with the replaced ones), recovery codes, trusted devices, and the account last.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.infra.db.types import table_of
from autograph_web.mfa.models import RecoveryCode, ReplacedAuthenticator, TotpFactor, TrustedDevice

FACTORS = table_of(TotpFactor)
REPLACED = table_of(ReplacedAuthenticator)
CODES = table_of(RecoveryCode)
DEVICES = table_of(TrustedDevice)


async def replace_pending(connection: AsyncConnection, factor: TotpFactor) -> None:
    """Add a pending authenticator in the place of any earlier one that was never confirmed."""
    unconfirmed = (FACTORS.c.user_id == factor.user_id, FACTORS.c.activated_at.is_(None))
    await connection.execute(delete(FACTORS).where(*unconfirmed))
    await connection.execute(insert(FACTORS).values(**factor.model_dump()))


async def find_factor(
    connection: AsyncConnection, user_id: UUID, *, active: bool, lock: bool = False
) -> Row[Any] | None:
    """Return the active, or the newest pending, authenticator of an account; `lock` keeps others waiting."""
    state = FACTORS.c.activated_at.is_not(None) if active else FACTORS.c.activated_at.is_(None)
    query = select(FACTORS).where(FACTORS.c.user_id == user_id, state).order_by(FACTORS.c.created_at.desc())
    return (await connection.execute(query.with_for_update() if lock else query)).first()


async def activate(connection: AsyncConnection, factor: Row[Any], step: int, now: datetime) -> bool:
    """Make a pending authenticator the only one; the step that confirmed it counts as used."""
    result = await connection.execute(
        update(FACTORS)
        .where(FACTORS.c.id == factor.id, FACTORS.c.activated_at.is_(None))
        .values(activated_at=now, last_step=step)
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
    """Return the authenticator that an account replaced last, if that was at a moment or later."""
    query = select(REPLACED).where(REPLACED.c.user_id == user_id, REPLACED.c.replaced_at >= since)
    return (await connection.execute(query)).first()


async def forget_replaced(connection: AsyncConnection, before: datetime) -> int:
    """Delete the keys of authenticators that were replaced before a moment; return how many."""
    return (await connection.execute(delete(REPLACED).where(REPLACED.c.replaced_at < before))).rowcount


async def use_step(connection: AsyncConnection, factor_id: UUID, step: int) -> bool:
    """Use a time step up, and with it every earlier one; only one of any number of racers gets True."""
    result = await connection.execute(
        update(FACTORS).where(FACTORS.c.id == factor_id, FACTORS.c.last_step < step).values(last_step=step)
    )
    return result.rowcount == 1


async def forget_factors(connection: AsyncConnection, user_id: UUID) -> bool:
    """Delete every authenticator and recovery code of an account; tell whether one was active."""
    result = await connection.execute(
        delete(FACTORS).where(FACTORS.c.user_id == user_id, FACTORS.c.activated_at.is_not(None))
    )
    await connection.execute(delete(FACTORS).where(FACTORS.c.user_id == user_id))
    await connection.execute(delete(REPLACED).where(REPLACED.c.user_id == user_id))
    await connection.execute(delete(CODES).where(CODES.c.user_id == user_id))
    return result.rowcount > 0


async def lock(connection: AsyncConnection, user_id: UUID) -> None:
    """Have others who change the factors of an account wait for the end of this unit of work."""
    await connection.execute(select(FACTORS.c.id).where(FACTORS.c.user_id == user_id).with_for_update())


@dataclass(frozen=True, slots=True)
class Forgotten:
    """When the deleted authenticator had been set up, if there was one, and how many codes still worked."""

    set_up_at: datetime | None = None
    codes: int = 0


async def forget_since(connection: AsyncConnection, user_id: UUID, since: datetime) -> Forgotten:
    """Delete what an account got as second factor at a moment or later, and return what that was.

    That is an authenticator with its recovery codes, a setup under way, or codes made anew.
    """
    active = await find_factor(connection, user_id, active=True)
    if active is not None and active.activated_at >= since:
        codes = await codes_left(connection, user_id)
        await forget_factors(connection, user_id)
        return Forgotten(active.activated_at, codes)
    pending = (FACTORS.c.user_id == user_id, FACTORS.c.activated_at.is_(None))
    await connection.execute(delete(FACTORS).where(*pending))
    made = (CODES.c.user_id == user_id, CODES.c.created_at >= since)
    query = select(func.count()).select_from(CODES).where(*made, CODES.c.used_at.is_(None))
    codes = int((await connection.execute(query)).scalar_one())
    await connection.execute(delete(CODES).where(*made))
    return Forgotten(codes=codes)


async def factors_after(connection: AsyncConnection, factor_id: UUID | None, limit: int) -> list[Row[Any]]:
    """Return the next authenticators in the order of their ids, for a walk over all of them."""
    query = select(FACTORS).order_by(FACTORS.c.id).limit(limit)
    return list(
        await connection.execute(query if factor_id is None else query.where(FACTORS.c.id > factor_id))
    )


async def count_factors(connection: AsyncConnection) -> int:
    """Count every authenticator there is."""
    return int((await connection.execute(select(func.count()).select_from(FACTORS))).scalar_one())


async def reseal(connection: AsyncConnection, factor_id: UUID, seen: str, sealed: str) -> bool:
    """Replace a sealed secret, unless somebody else has meanwhile."""
    result = await connection.execute(
        update(FACTORS)
        .where(FACTORS.c.id == factor_id, FACTORS.c.sealed_secret == seen)
        .values(sealed_secret=sealed)
    )
    return result.rowcount == 1


async def replace_codes(connection: AsyncConnection, user_id: UUID, codes: list[RecoveryCode]) -> None:
    """Put a new set of recovery codes in the place of the old one."""
    await connection.execute(delete(CODES).where(CODES.c.user_id == user_id))
    await connection.execute(insert(CODES), [code.model_dump() for code in codes])


async def use_code(connection: AsyncConnection, user_id: UUID, code_hash: str, now: datetime) -> bool:
    """Use a recovery code up; only one of any number of racers gets True."""
    result = await connection.execute(
        update(CODES)
        .where(CODES.c.user_id == user_id, CODES.c.code_hash == code_hash, CODES.c.used_at.is_(None))
        .values(used_at=now)
    )
    return result.rowcount == 1


async def codes_left(connection: AsyncConnection, user_id: UUID) -> int:
    """Count the recovery codes that still work."""
    query = (
        select(func.count()).select_from(CODES).where(CODES.c.user_id == user_id, CODES.c.used_at.is_(None))
    )
    return int((await connection.execute(query)).scalar_one())


async def add_device(connection: AsyncConnection, device: TrustedDevice) -> None:
    """Add a trusted device."""
    await connection.execute(insert(DEVICES).values(**device.model_dump()))


async def use_device(connection: AsyncConnection, user_id: UUID, token_hash: str, now: datetime) -> bool:
    """Tell whether a device is trusted by this account, and note that it was seen."""
    result = await connection.execute(
        update(DEVICES)
        .where(DEVICES.c.user_id == user_id, DEVICES.c.token_hash == token_hash, DEVICES.c.expires_at > now)
        .values(last_used_at=now)
    )
    return result.rowcount == 1


async def devices_of(connection: AsyncConnection, user_id: UUID, now: datetime) -> list[Row[Any]]:
    """Return the devices an account trusts, the latest seen first."""
    trusted = (DEVICES.c.user_id == user_id, DEVICES.c.expires_at > now)
    return list(
        await connection.execute(select(DEVICES).where(*trusted).order_by(DEVICES.c.last_used_at.desc()))
    )


async def factors_of(connection: AsyncConnection, user_id: UUID) -> list[Row[Any]]:
    """Return the authenticators of an account, oldest first."""
    query = select(FACTORS).where(FACTORS.c.user_id == user_id).order_by(FACTORS.c.created_at)
    return list(await connection.execute(query))


async def forget_devices(connection: AsyncConnection, user_id: UUID, device_id: UUID | None = None) -> int:
    """Trust one device of an account, or none of them, any longer; return how many that were."""
    statement = delete(DEVICES).where(DEVICES.c.user_id == user_id)
    if device_id is not None:
        statement = statement.where(DEVICES.c.id == device_id)
    return (await connection.execute(statement)).rowcount


async def forget_expired_devices(connection: AsyncConnection, now: datetime) -> int:
    """Delete the devices whose time is over; return how many."""
    return (await connection.execute(delete(DEVICES).where(DEVICES.c.expires_at <= now))).rowcount
