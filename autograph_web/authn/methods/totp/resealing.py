"""Re-encrypts every secret with the newest key, so that an old key can be retired."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.authn.methods.totp import store
from autograph_web.authn.methods.totp.method import owner_of
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.db.batches import change_in_batches
from autograph_web.infra.db.database import Database


async def reseal_all(database: Database, encryptor: Encryptor, progress: Callable[[int, int], None]) -> int:
    """Re-encrypt all authenticator secrets where needed and return how many changed; can be resumed.

    `progress` is called with the number processed so far and the total.

    Raises:
        DecryptionError: A secret cannot be decrypted: its key is no longer in the keyring.
        Unavailable: The database is unavailable; completed batches remain committed.
    """
    async with database.read() as connection:
        total = await store.count_factors(connection)

    async def reseal(connection: AsyncConnection, row: Row[Any]) -> bool:
        sealed = encryptor.reencrypt(row.sealed_secret, owner_of(row.user_id))
        return sealed is not None and await store.reseal(connection, row.id, row.sealed_secret, sealed)

    def tell(seen: int) -> None:
        progress(seen, max(total, seen))

    return await change_in_batches(database, store.factors_after, reseal, tell)
