"""SQL statements for trusted devices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.authn.methods.trusted_device.models import TrustedDevice
from autograph_web.infra.db.types import table_of

DEVICES = table_of(TrustedDevice)


async def add_device(connection: AsyncConnection, device: TrustedDevice) -> None:
    """Add a trusted device."""
    await connection.execute(insert(DEVICES).values(**device.model_dump()))


async def use_device(connection: AsyncConnection, user_id: UUID, token_hash: str, now: datetime) -> bool:
    """Return True if the account trusts the device, and record the time of use."""
    result = await connection.execute(
        update(DEVICES)
        .where(DEVICES.c.user_id == user_id, DEVICES.c.token_hash == token_hash, DEVICES.c.expires_at > now)
        .values(last_used_at=now)
    )
    return result.rowcount == 1


async def devices_of(connection: AsyncConnection, user_id: UUID, now: datetime) -> list[Row[Any]]:
    """Return the devices that an account trusts, the most recently used first."""
    trusted = (DEVICES.c.user_id == user_id, DEVICES.c.expires_at > now)
    return list(
        await connection.execute(select(DEVICES).where(*trusted).order_by(DEVICES.c.last_used_at.desc()))
    )


async def forget_devices(connection: AsyncConnection, user_id: UUID, device_id: UUID | None = None) -> int:
    """Delete one trusted device of an account, or all of them; return how many were deleted."""
    statement = delete(DEVICES).where(DEVICES.c.user_id == user_id)
    if device_id is not None:
        statement = statement.where(DEVICES.c.id == device_id)
    return (await connection.execute(statement)).rowcount


async def forget_expired_devices(connection: AsyncConnection, now: datetime) -> int:
    """Delete the devices whose trust has expired; return how many."""
    return (await connection.execute(delete(DEVICES).where(DEVICES.c.expires_at <= now))).rowcount
