"""Encryption of the payloads of one-time links, and with a new key, so that an old one can be retired."""

from collections.abc import Sequence
from uuid import UUID

from autograph_web.accounts import store
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import Randomness, SystemRandomness

_BATCH = 200


def link_encryptor_of(secrets: Sequence[str], randomness: Randomness | None = None) -> Encryptor:
    """Return what encrypts the payloads of links."""
    return Encryptor(Keyring(secrets, "sealed links"), randomness or SystemRandomness())


def payload_owner(purpose: str, user_id: UUID | None) -> str:
    """Return what a payload is bound to: that of another link cannot be decrypted in its place."""
    return f"link\n{purpose}\n{user_id.hex if user_id else ''}"


async def reencrypt_links(database: Database, encryptor: Encryptor) -> int:
    """Re-encrypt the payload of every link, and return how many were; it can be interrupted and repeated.

    A link whose key is no longer configured stays as it is: it is unknown to whoever opens it.

    Raises:
        Unavailable: The database is unavailable; the batches completed so far are kept.
    """
    changed, last = 0, None
    while True:
        async with database.unit() as connection:
            rows = await store.sealed_links_after(connection, last, _BATCH)
            for row in rows:
                try:
                    payload = encryptor.reencrypt(row.payload, payload_owner(row.purpose, row.user_id))
                except DecryptionError:
                    continue
                if payload is not None:
                    changed += await store.replace_payload(connection, row.id, row.payload, payload)
        if not rows:
            return changed
        last = rows[-1].id
