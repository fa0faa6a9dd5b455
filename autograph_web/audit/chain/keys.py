"""The keys of the chain, which outlive the secrets they derive from: links are verified for years."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.chain import store
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.crypto.keyring import Key, Keyring
from autograph_web.infra.randomness import Randomness

_OWNER = "audit key "  # a sealed key is bound to its own name


class ChainKeys:
    """The keys of the configured secrets, and those of earlier secrets, stored encrypted in the database."""

    def __init__(self, secrets: Sequence[str], randomness: Randomness) -> None:
        self._ring = Keyring(secrets, "audit chain")
        self._encryptor = Encryptor(Keyring(secrets, "audit keys"), randomness)

    @property
    def current(self) -> Key:
        """The key for new links."""
        return self._ring.current

    async def keep(self, connection: AsyncConnection) -> None:
        """Store every key in the database, encrypted with the newest secret, so others can be removed."""
        kept = {row.kid: str(row.sealed) for row in await store.keys(connection)}
        for key in (await self.every(connection)).values():
            sealed = kept.get(key.kid)
            if sealed is None or self._encryptor.outdated(sealed):
                text = urlsafe_b64encode(key.material)
                await store.keep_key(
                    connection, key.kid, self._encryptor.encrypt(text, _OWNER + key.kid), instead_of=sealed
                )

    async def every(self, connection: AsyncConnection) -> dict[str, Key]:
        """Return every available key, by its kid."""
        found = {key.kid: key for key in self._ring.keys}
        for row in await store.keys(connection):
            if row.kid not in found:
                try:
                    text = self._encryptor.decrypt(row.sealed, _OWNER + row.kid)
                except DecryptionError:
                    continue  # the verification reports links made with it as `KEY_MISSING`
                found[row.kid] = Key(row.kid, urlsafe_b64decode(text))
        return found
