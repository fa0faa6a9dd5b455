"""Accounts as an operator sees them, and what may be asked of the list of them."""

from dataclasses import dataclass
from datetime import datetime
from re import compile as pattern
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row

from autograph_web.admin.roles import Role, Status
from autograph_web.api_keys.key import ApiKeyPrincipal
from autograph_web.authz.principal import Principal
from autograph_web.infra.context import RequestContext

# Flags that were changed before had no colon.
_ACTOR = pattern("administrator:? ([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts on somebody else's account: `actor` is what the audit log keeps of it.

    `caller` is the administrator, or their API key; None at the command line of the server.
    """

    actor: str
    context: RequestContext
    caller: Principal | None = None

    @classmethod
    def administrator(cls, context: RequestContext, caller: Principal) -> Self:
        """Return an administrator as an operator; the id, since the log outlives the address."""
        key = f", API key {caller.key_id}" if isinstance(caller, ApiKeyPrincipal) else ""
        return cls(f"{actor_of(caller)}{key}", context, caller)

    def is_at(self, user_id: UUID) -> bool:
        """Return True if it is their own account that they act on."""
        return self.caller is not None and self.caller.user_id == user_id


def as_id(text: str) -> UUID | None:
    """Return the id that `text` spells, if it does."""
    try:
        return UUID(text)
    except ValueError:
        return None


def actor_of(caller: Principal) -> str:
    """Return what is kept of an administrator: it leads to nobody once the account is gone."""
    return f"administrator: {caller.user_id}"


def administrator_in(actor: str) -> UUID | None:
    """Return the id of the administrator whom the audit log calls `actor`, if it is one."""
    found = _ACTOR.match(actor)
    return UUID(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Person:
    """One account, as much of it as an operator may know."""

    id: UUID
    email: str
    email_key: str
    role: str
    status: str
    mfa_enabled: bool
    email_verified: bool
    created_at: datetime
    last_sign_in_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """Return the person in a row of the table."""
        return cls(
            id=row.id,
            email=row.email,
            email_key=row.email_key,
            role=row.role,
            status=row.status,
            mfa_enabled=row.mfa_enabled,
            email_verified=row.email_verified_at is not None,
            created_at=row.created_at,
            last_sign_in_at=row.last_sign_in_at,
        )

    @property
    def is_active_admin(self) -> bool:
        """Whether this account can administer right now."""
        return self.role == Role.ADMIN and self.status == Status.ACTIVE


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accounts to list: those whose address contains `fragment`; what is None does not matter."""

    fragment: str = ""
    role: Role | None = None
    status: Status | None = None
    mfa: bool | None = None
