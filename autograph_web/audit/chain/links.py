"""The computation of links: HMAC-SHA256 over a canonical text, with a key that is not in the database."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from autograph_web.infra.crypto.keyring import Key

START = b""
"""The predecessor digest of the very first link."""

# The columns of an audit row that a link authenticates permanently. Address and agent are separate, in
# `origin`.
_CONTENT = ("id", "at", "user_id", "kind", "session_id", "request_id", "details")


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a link, and when it was made."""

    position: int
    audit_id: int
    day: date
    sealed_at: datetime
    settled_id: int


def origin_of(key: Key, row: Row[Any], salt: bytes) -> bytes:
    """Return the MAC of the address and user agent of an audit row."""
    return _mac(key, "origin", row.id, row.ip, row.user_agent, salt.hex())


def content_of(key: Key, row: Row[Any], origin: bytes) -> bytes:
    """Return the MAC of all other columns of an audit row, and of its `origin`."""
    return _mac(key, "content", *(getattr(row, name) for name in _CONTENT), origin.hex())


def digest_of(key: Key, previous: bytes, place: Position, content: bytes) -> bytes:
    """Return the MAC of a link and, through `previous`, of every link before it."""
    stand = (place.position, place.audit_id, place.day, place.sealed_at, place.settled_id)
    return _mac(key, "link", previous.hex(), *stand, content.hex())


def place_of(link: Row[Any]) -> Position:
    """Return the position that a link claims."""
    return Position(link.position, link.audit_id, link.day, link.sealed_at, link.settled_id)


def checkpoint_seal(key: Key, position: int, day: date, made_at: datetime, digest: bytes) -> bytes:
    """Return the MAC of a checkpoint."""
    return _mac(key, "checkpoint", position, day, made_at, digest.hex())


def is_sealed(key: Key, checkpoint: Row[Any]) -> bool:
    """Return True if the MAC of a checkpoint is valid."""
    left = checkpoint
    return same(checkpoint_seal(key, left.position, left.day, left.made_at, left.digest), left.seal)


def same(one: bytes, other: bytes) -> bool:
    """Compare in constant time."""
    return compare_digest(one, other)


def _mac(key: Key, purpose: str, *values: Any) -> bytes:
    # JSON of a list: distinct lists have distinct texts, so no value can extend into the next.
    text = json.dumps([purpose, key.kid, *values], default=_plain, sort_keys=True, separators=(",", ":"))
    return hmac_digest(key.material, text.encode("ascii"), "sha256")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date | UUID):
        return str(value)
    raise TypeError(type(value).__name__)
