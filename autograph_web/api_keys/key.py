"""An API key as other packages use it, and the principal that an authenticated key represents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from autograph_web.api_keys.spelling import shown


class Scope(StrEnum):
    """The permissions of a key. No scope includes another."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


ADMIN_ROLE = "admin"
"""The role required to create a key with the scope of the same name, and to use it."""


def scopes_of(text: str) -> frozenset[Scope]:
    """Return the scopes in a text separated by spaces (RFC 6749 section 3.3)."""
    return frozenset(map(Scope, text.split()))


def in_order(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return scopes in the order of their definition."""
    chosen = frozenset(scopes)
    return tuple(scope for scope in Scope if scope in chosen)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as shown to its owner; of the key itself only the id is known."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str

    @property
    def prefix(self) -> str:
        """The non-secret beginning of the key."""
        return shown(self.id)

    def expired(self, now: datetime) -> bool:
        """Return True if the key has expired."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A newly created key; `text` is the complete key and is shown only once."""

    text: str
    key: ApiKey


@dataclass(frozen=True, slots=True)
class ApiKeyPrincipal:
    """The principal of a valid API key, as of this request: it acts for the owner, within its scopes."""

    user_id: UUID
    email: str
    role: str
    mfa_enabled: bool
    key_id: str
    name: str
    scopes: frozenset[Scope]
    expires_at: datetime | None
