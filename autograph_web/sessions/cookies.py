"""The session cookie's value: the user id, the session id and the secret that authenticates them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from uuid import UUID

from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.randomness import Randomness

_SECRET_BYTES = 32
_LENGTH = 86  # 64 bytes in unpadded base64url


@dataclass(frozen=True, slots=True)
class CookieParts:
    """A parsed cookie value; `hash` is the stored hash of the whole value."""

    user_id: str
    session_id: str
    hash: str


def new_cookie(user_id: UUID, session_id: UUID, randomness: Randomness) -> tuple[str, str]:
    """Return a cookie value with a new 256-bit secret, and the hash to store."""
    raw = user_id.bytes + session_id.bytes + randomness.bytes(_SECRET_BYTES)
    value = urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
    return value, token_hash(value)


def read_cookie(value: str) -> CookieParts | None:
    """Return the parts of a cookie value, or None if it is not in the format of `new_cookie`."""
    if len(value) != _LENGTH or not value.isascii():
        return None
    try:
        raw = urlsafe_b64decode(value + "==")
    except (Error, ValueError):
        return None
    if urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != value:
        return None
    return CookieParts(raw[:16].hex(), raw[16:32].hex(), token_hash(value))
