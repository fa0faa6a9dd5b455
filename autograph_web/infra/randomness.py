"""The only source of randomness."""

from base64 import urlsafe_b64encode
from secrets import token_bytes
from typing import Protocol
from uuid import UUID


class Randomness(Protocol):
    """A source of unpredictable bytes; tests may inject a recorded one."""

    def bytes(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        ...


class SystemRandomness:
    """The cryptographic random number generator of the operating system."""

    def bytes(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return token_bytes(size)


def random_token(randomness: Randomness, size: int = 32) -> str:
    """Return `size` random bytes (default 256 bits) as unpadded base64url text (RFC 4648 section 5)."""
    return urlsafe_b64encode(randomness.bytes(size)).rstrip(b"=").decode("ascii")


def random_uuid(randomness: Randomness) -> UUID:
    """Return a version 4 UUID (RFC 9562 section 5.4) drawn from `randomness`."""
    return UUID(bytes=randomness.bytes(16), version=4)
