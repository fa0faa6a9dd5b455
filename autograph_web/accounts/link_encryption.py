"""Encryption of the payloads of one-time links, and with a new key, so that an old one can be retired."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.db.batches import change_in_batches
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import Randomness, SystemRandomness


def link_encryptor_of(secrets: Sequence[str], randomness: Randomness | None = None) -> Encryptor:
    """Return what encrypts the payloads of links."""
    return Encryptor(Keyring(secrets, "sealed links"), randomness or SystemRandomness())


def payload_owner(purpose: str, user_id: UUID | None) -> str:
    """Return what a payload is bound to: that of another link cannot be decrypted in its place."""
    return f"link\n{purpose}\n{user_id.hex if user_id else ''}"


async def reencrypt_links(database: Database, encryptor: Encryptor) -> int:
    """Re-encrypt the payload of every link, and return how many were; it can be interrupted and repeated.

    A link whose key is no longer configured stays as it is; opening it reports an unknown link.

    Raises:
        Unavailable: The database is unavailable; the batches completed so far are kept.
    """

    async def reencrypt(connection: AsyncConnection, row: Row[Any]) -> bool:
        try:
            payload = encryptor.reencrypt(row.payload, payload_owner(row.purpose, row.user_id))
        except DecryptionError:
            return False
        return payload is not None and await store.replace_payload(connection, row.id, row.payload, payload)

    return await change_in_batches(database, store.sealed_links_after, reencrypt)
