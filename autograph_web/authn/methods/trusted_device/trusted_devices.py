"""Browsers that a user trusts for thirty days: they are exempt from the second factor."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.exporting import picked
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.methods.trusted_device import store
from autograph_web.authn.methods.trusted_device.models import TrustedDevice
from autograph_web.authn.revocation import Order, Taken
from autograph_web.flags.flags import Flags
from autograph_web.flags.table import TRUSTED_DEVICES
from autograph_web.infra.context import RequestContext
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import NotFound
from autograph_web.infra.randomness import random_token, random_uuid
from autograph_web.sessions.principal import SessionPrincipal

TRUST_SECONDS = 30 * 86_400
_EXPORTED = ("id", "ip", "user_agent", "created_at", "last_used_at", "expires_at")


@dataclass(frozen=True, slots=True)
class TrustedBrowser:
    """One trusted device as shown to the user."""

    id: UUID
    ip: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class TrustedDevices:
    """The devices that each account trusts, until a `Cause` of `authn/revocation.py` revokes them."""

    kind = "trusted_devices"

    def __init__(self, deps: UseCaseContext, flags: Flags) -> None:
        self._deps, self._flags = deps, flags

    def are_offered(self, user_id: UUID) -> bool:
        """Return True if trusted devices are enabled for this account; if not, existing ones are ignored.

        Raises:
            Unavailable: The flags have not been loaded yet.
        """
        return self._flags.of(TRUSTED_DEVICES, user_id)

    @retried
    async def trust(self, context: RequestContext, user_id: UUID) -> str:
        """Trust the browser of this request and return the token for its cookie.

        Raises:
            Unavailable: The database is unavailable.
        """
        token, now = random_token(self._deps.randomness), self._deps.clock.now()
        device = TrustedDevice(
            id=random_uuid(self._deps.randomness),
            user_id=user_id,
            token_hash=token_hash(token),
            ip=context.ip[:64],
            user_agent=context.user_agent[:512],
            created_at=now,
            last_used_at=now,
            expires_at=now + timedelta(seconds=TRUST_SECONDS),
        )
        async with self._deps.database.unit() as connection:
            await store.add_device(connection, device)
            await self._deps.audit_log.record(connection, EventType.DEVICE_TRUSTED, context, user_id=user_id)
        return token

    @retried
    async def recognise(self, token: str | None, user_id: UUID) -> bool:
        """Return True if the token of a cookie identifies a device that this account trusts.

        Raises:
            Unavailable: The database is unavailable.
        """
        if not token or len(token) > 128 or not self.are_offered(user_id):
            return False
        async with self._deps.database.unit() as connection:
            return await store.use_device(connection, user_id, token_hash(token), self._deps.clock.now())

    async def of(self, user_id: UUID) -> list[TrustedBrowser]:
        """Return the devices that an account trusts, the most recently used first.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.read() as connection:
            rows = await store.devices_of(connection, user_id, self._deps.clock.now())
        return [
            TrustedBrowser(row.id, row.ip, row.user_agent, row.created_at, row.last_used_at, row.expires_at)
            for row in rows
        ]

    async def exported(self, connection: AsyncConnection, user_id: UUID) -> dict[str, Any]:
        """Return the devices that an account trusts (see `Exportable`)."""
        devices = await store.devices_of(connection, user_id, self._deps.clock.now())
        return {"trusted_devices": picked(devices, *_EXPORTED)}

    async def purge_expired(self) -> int:
        """Delete the devices whose trust has expired; return how many.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.unit() as connection:
            return await store.forget_expired_devices(connection, self._deps.clock.now())

    async def revoke_all(self, connection: AsyncConnection, order: Order) -> Taken:
        """Delete all trusted devices of an account within the caller's unit of work."""
        return Taken({"trusted_devices": await store.forget_devices(connection, order.user_id)})

    @retried
    async def forget(self, context: RequestContext, principal: SessionPrincipal, device_id: UUID) -> None:
        """Delete one trusted device.

        Raises:
            NotFound: The account trusts no such device.
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.unit() as connection:
            if not await store.forget_devices(connection, principal.user_id, device_id):
                raise NotFound
            await self._deps.audit_log.record(
                connection,
                EventType.TRUSTED_DEVICE_REVOKED,
                context,
                principal=principal,
            )
