"""Accounts as operators see them, and the filter for their list."""

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

# Earlier versions wrote flag changes without the colon.
_ACTOR = pattern("administrator:? ([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Actor:
    """The operator who acts on an account: `actor` is what the audit log records.

    `caller` is the administrator, or their API key; None on the server's command line.
    """

    actor: str
    context: RequestContext
    caller: Principal | None = None

    @classmethod
    def administrator(cls, context: RequestContext, caller: Principal) -> Self:
        """Return an administrator as an operator; identified by id, as the log outlives the address."""
        key = f", API key {caller.key_id}" if isinstance(caller, ApiKeyPrincipal) else ""
        return cls(f"{actor_of(caller)}{key}", context, caller)

    def is_at(self, user_id: UUID) -> bool:
        """Return True if the operator acts on their own account."""
        return self.caller is not None and self.caller.user_id == user_id


def as_id(text: str) -> UUID | None:
    """Return the id that `text` represents, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def actor_of(caller: Principal) -> str:
    """Return how an administrator is recorded; it identifies no user once the account is deleted."""
    return f"administrator: {caller.user_id}"


def administrator_in(actor: str) -> UUID | None:
    """Return the id of the administrator that an audit log's `actor` names, or None."""
    found = _ACTOR.match(actor)
    return UUID(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class UserSummary:
    """One account, limited to the data that an operator may see."""

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
        """Return the account in a row of the table."""
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
        """Whether this account can administer at present."""
        return self.role == Role.ADMIN and self.status == Status.ACTIVE


@dataclass(frozen=True, slots=True)
class UserFilter:
    """A filter on accounts: `fragment` must occur in the address; None matches everything."""

    fragment: str = ""
    role: Role | None = None
    status: Status | None = None
    mfa: bool | None = None
