"""Accounts as an operator sees them, and what may be asked of the list of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row

from autograph_web.core.context import RequestContext


class Role(StrEnum):
    """What somebody may do."""

    USER = "user"
    ADMIN = "admin"


class Status(StrEnum):
    """Whether somebody may sign in."""

    ACTIVE = "active"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts on somebody else's account: `actor` is what the audit log keeps of it."""

    actor: str
    context: RequestContext


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
