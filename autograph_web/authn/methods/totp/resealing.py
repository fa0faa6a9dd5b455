"""Seals every secret anew with the newest key, so that an old one can be retired."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.authn.methods.totp import store
from autograph_web.authn.methods.totp.method import owner_of
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.db.database import Database

_BATCH = 200


async def reseal_all(database: Database, encryptor: Encryptor, progress: Callable[[int, int], None]) -> int:
    """Walk over all authenticators and return how many were sealed anew; can be stopped and run again.

    `progress` is told how many of how many have been looked at.

    Raises:
        DecryptionError: A secret cannot be opened: its key is no longer in the ring.
        Unavailable: The database is away; what was done stays done.
    """
    async with database.read() as connection:
        total = await store.count_factors(connection)
    changed = seen = 0
    last = None
    while True:
        async with database.unit() as connection:
            rows = await store.factors_after(connection, last, _BATCH)
            for row in rows:
                changed += await _reseal(connection, encryptor, row)
        if not rows:
            return changed
        last, seen = rows[-1].id, seen + len(rows)
        progress(seen, max(total, seen))


async def _reseal(connection: AsyncConnection, encryptor: Encryptor, row: Row[Any]) -> bool:
    sealed = encryptor.reencrypt(row.sealed_secret, owner_of(row.user_id))
    return sealed is not None and await store.reseal(connection, row.id, row.sealed_secret, sealed)
