"""Encryption of stored secrets: authenticated, bound to an owner, with key rotation."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.randomness import Randomness

_NONCE_BYTES = 12  # NIST SP 800-38D section 8.2.2


class DecryptionError(Exception):
    """The ciphertext was altered, belongs to another owner, or its key is no longer available."""


class Encryptor:
    """AES-256-GCM with a keyring: a value is `kid.nonce‖ciphertext`, and its owner the associated data."""

    def __init__(self, keyring: Keyring, randomness: Randomness) -> None:
        self._keyring, self._randomness = keyring, randomness

    def encrypt(self, value: bytes, owner: str) -> str:
        """Return `value` encrypted for `owner` with the newest key."""
        key, nonce = self._keyring.current, self._randomness.bytes(_NONCE_BYTES)
        sealed = AESGCM(key.material).encrypt(nonce, value, owner.encode())
        return f"{key.kid}.{urlsafe_b64encode(nonce + sealed).decode('ascii')}"

    def decrypt(self, sealed: str, owner: str) -> bytes:
        """Return the value that was encrypted for `owner`.

        Raises:
            DecryptionError: It was not encrypted for `owner`, or not with a key of this ring.
        """
        kid, _, body = sealed.partition(".")
        key = self._keyring.find(kid)
        if key is None:
            raise DecryptionError
        try:
            raw = urlsafe_b64decode(body)
            return AESGCM(key.material).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError):
            raise DecryptionError from None

    def reencrypt(self, sealed: str, owner: str) -> str | None:
        """Return a value encrypted with the newest key, or None if it already is.

        Raises:
            DecryptionError: As for `decrypt`.
        """
        return self.encrypt(self.decrypt(sealed, owner), owner) if self.outdated(sealed) else None

    def outdated(self, sealed: str) -> bool:
        """Return True if a value was not encrypted with the newest key."""
        return sealed.partition(".")[0] != self._keyring.current.kid
