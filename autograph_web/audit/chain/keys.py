"""The keys of the chain, which outlive the secrets they came from: links are checked for years."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.chain import store
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.crypto.keyring import Key, Keyring
from autograph_web.infra.randomness import Randomness

_OWNER = "audit key "  # a sealed key is bound to its own name


class ChainKeys:
    """The keys of the secrets in use, and those of earlier ones, which the database keeps sealed."""

    def __init__(self, secrets: Sequence[str], randomness: Randomness) -> None:
        self._ring = Keyring(secrets, "audit chain")
        self._encryptor = Encryptor(Keyring(secrets, "audit keys"), randomness)

    @property
    def current(self) -> Key:
        """The key that new links are made with."""
        return self._ring.current

    async def keep(self, connection: AsyncConnection) -> None:
        """Have the database keep every key, sealed with the newest secret, so that others can be dropped."""
        kept = {row.kid: str(row.sealed) for row in await store.keys(connection)}
        for key in (await self.every(connection)).values():
            sealed = kept.get(key.kid)
            if sealed is None or self._encryptor.outdated(sealed):
                text = urlsafe_b64encode(key.material)
                await store.keep_key(
                    connection, key.kid, self._encryptor.encrypt(text, _OWNER + key.kid), instead_of=sealed
                )

    async def every(self, connection: AsyncConnection) -> dict[str, Key]:
        """Return every key that can be had, by its kid."""
        found = {key.kid: key for key in self._ring.keys}
        for row in await store.keys(connection):
            if row.kid not in found:
                try:
                    text = self._encryptor.decrypt(row.sealed, _OWNER + row.kid)
                except DecryptionError:
                    continue  # whoever checks a link made with it will miss it
                found[row.kid] = Key(row.kid, urlsafe_b64decode(text))
        return found
