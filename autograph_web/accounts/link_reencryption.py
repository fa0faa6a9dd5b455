"""Re-encrypts the payloads of links with the newest key, so that an older one can be retired."""

from autograph_web.accounts import store
from autograph_web.accounts.links import owner_of
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.db.database import Database

_BATCH = 200


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
                    payload = encryptor.reencrypt(row.payload, owner_of(row))
                except DecryptionError:
                    continue
                if payload is not None:
                    changed += await store.replace_payload(connection, row.id, row.payload, payload)
        if not rows:
            return changed
        last = rows[-1].id
