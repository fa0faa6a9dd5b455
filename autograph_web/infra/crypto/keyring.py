"""Keys for every purpose, derived from the master secrets and found by key id."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


@dataclass(frozen=True, slots=True)
class Key:
    """One 256-bit key; `kid` identifies it in its output and reveals nothing about it."""

    kid: str
    material: bytes


class Keyring:
    """The keys of one purpose: the newest signs, all of them verify, so key rotation signs no user out.

    Each is derived with HKDF-SHA256 (RFC 5869) using the purpose as info, so no key serves two purposes.
    """

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        keys = [_derive(secret, purpose) for secret in secrets]
        self.current = keys[0]
        self._by_kid = {key.kid: key for key in keys}

    @property
    def keys(self) -> tuple[Key, ...]:
        """All keys of the ring, newest first."""
        return tuple(self._by_kid.values())

    def find(self, kid: str) -> Key | None:
        """Return the key with the id `kid`, or None."""
        return self._by_kid.get(kid)

    def sign(self, message: bytes) -> str:
        """Return `kid.mac` over `message` (HMAC-SHA256, RFC 2104)."""
        return f"{self.current.kid}.{_mac(self.current, message)}"

    def verify(self, message: bytes, signature: str) -> bool:
        """Return True if any key of the ring made `signature` over `message`; compares in constant time."""
        kid, _, mac = signature.partition(".")
        key = self.find(kid)
        return key is not None and compare_digest(_mac(key, message).encode(), mac.encode("utf-8", "replace"))


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token in hex, which is stored instead of the token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _derive(secret: str, purpose: str) -> Key:
    material = _hkdf(secret, purpose)
    return Key(kid=sha256(b"kid:" + material).hexdigest()[:12], material=material)


def _hkdf(secret: str, purpose: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=b"autograph-web", info=purpose.encode("ascii"))
    return kdf.derive(secret.encode("utf-8"))


def _mac(key: Key, message: bytes) -> str:
    return urlsafe_b64encode(hmac_digest(key.material, message, "sha256")).rstrip(b"=").decode("ascii")
