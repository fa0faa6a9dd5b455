"""An API key as the rest of the product sees it, and who stands behind one that was shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from autograph_web.api_keys.spelling import shown


class Scope(StrEnum):
    """What a key may be used for. None includes another."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


ADMIN_ROLE = "admin"
"""The role whose owners may give a key the scope of the same name, and whose keys may use it."""


def scopes_of(text: str) -> frozenset[Scope]:
    """Return the scopes in a text separated by spaces (RFC 6749 section 3.3)."""
    return frozenset(map(Scope, text.split()))


def in_order(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return scopes in the order of their table."""
    chosen = frozenset(scopes)
    return tuple(scope for scope in Scope if scope in chosen)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as its owner sees it; of the key itself only the id is known."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str

    @property
    def prefix(self) -> str:
        """How the key begins."""
        return shown(self.id)

    def expired(self, now: datetime) -> bool:
        """Return True if its time is over."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just made; `text` is shown this once."""

    text: str
    key: ApiKey


@dataclass(frozen=True, slots=True)
class ApiKeyPrincipal:
    """Whoever shows a good key, as of this request: it stands for the owner, within its scopes."""

    user_id: UUID
    email: str
    role: str
    mfa_enabled: bool
    key_id: str
    name: str
    scopes: frozenset[Scope]
    expires_at: datetime | None
