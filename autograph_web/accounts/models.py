"""The tables of accounts and of the one-time links sent to their owners."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from autograph_web.infra.db.types import UtcDateTime
from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL


class User(SQLModel, table=True):
    """One account.

    `email_key` is the address folded for comparison; `session_epoch` counts sign-outs everywhere.
    """

    __tablename__ = "users"  # pyright: ignore[reportAssignmentType]
    # For the lists of administrators, which are ordered by address.
    __table_args__ = (
        Index("ix_users_role_email_key", "role", "email_key"),
        Index("ix_users_status_email_key", "status", "email_key"),
    )

    id: UUID = Field(primary_key=True)
    email: str = Field(max_length=LONGEST_EMAIL)
    email_key: str = Field(max_length=LONGEST_EMAIL, unique=True)
    password_hash: str = Field(max_length=255)
    role: str = Field(default="user", max_length=32)
    status: str = Field(default="active", max_length=32)
    mfa_enabled: bool = False
    session_epoch: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    password_changed_at: datetime = Field(sa_type=UtcDateTime)
    email_verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LinkRow(SQLModel, table=True):
    """One one-time link: for one purpose and one account, known by the hash of its token.

    A row without an account is a decoy: it was written so that an unknown address takes as long as a known
    one, and nobody was ever sent its token. `payload` is sealed. A link that did its work was used before it
    expired; one that was taken out of use expires at that moment.
    """

    __tablename__ = "links"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(primary_key=True)
    user_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE", index=True)
    purpose: str = Field(max_length=32)
    token_hash: str = Field(max_length=64, unique=True)
    payload: str | None = Field(default=None, max_length=2048)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EmailHold(SQLModel, table=True):
    """An address an account has left a short while ago: until then nobody else may have it."""

    __tablename__ = "email_holds"  # pyright: ignore[reportAssignmentType]

    email_key: str = Field(primary_key=True, max_length=LONGEST_EMAIL)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    until: datetime = Field(sa_type=UtcDateTime)
