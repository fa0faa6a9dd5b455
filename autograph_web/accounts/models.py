"""The tables of accounts and of the one-time links sent to their users."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, MetaData, String, Table, Uuid
from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime
from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL

NO_PASSWORD = "$bcrypt-sha256$v=2,t=2b,r=12$VfJDHJGqyYSPUOFvkuZBvO$C3EMPTYnoPasswordHasThisHashAAC"  # noqa: S105
"""A hash that no password matches, for the previous version, which requires one for every account."""
OF_THE_VERSION_BEFORE = frozenset({"password_hash", "mfa_enabled"})
"""Columns that are only written, for the previous version (docs/decisions/0059-methods-are-packages.md)."""


class User(Model, table=True):
    """One account.

    `email_key` is the address normalized for comparison; `session_epoch` counts sign-outs everywhere. Without
    a password, `password_changed_at` is when the account was created.
    """

    __tablename__ = "users"  # pyright: ignore[reportAssignmentType]
    # For the lists in the administration, which are ordered by address.
    __table_args__ = (
        Index("ix_users_role_email_key", "role", "email_key"),
        Index("ix_users_status_email_key", "status", "email_key"),
    )

    id: UUID = Field(primary_key=True)
    email: str = Field(max_length=LONGEST_EMAIL)
    email_key: str = Field(max_length=LONGEST_EMAIL, unique=True)
    password_hash: str = Field(default=NO_PASSWORD, max_length=255)
    role: str = Field(default="user", max_length=32)
    status: str = Field(default="active", max_length=32)
    mfa_enabled: bool = False
    session_epoch: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    password_changed_at: datetime = Field(sa_type=UtcDateTime)
    email_verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LinkRow(Model, table=True):
    """One one-time link: for one purpose and one account, identified by the hash of its token.

    A row without an account is a decoy: it is written so that an unknown address takes as long as a known
    one, and its token was never sent. `payload` is encrypted. A link that was used has `used_at` before
    `expires_at`; for one that was revoked, `expires_at` is not later than `used_at`.
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


class EmailHold(Model, table=True):
    """An address that an account gave up recently: no other account may use it before `until`."""

    __tablename__ = "email_holds"  # pyright: ignore[reportAssignmentType]

    email_key: str = Field(primary_key=True, max_length=LONGEST_EMAIL)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    until: datetime = Field(sa_type=UtcDateTime)


CREDENTIALS = Table(
    "credentials",
    MetaData(),  # separate metadata: this is a view, not a table to create
    Column("id", Uuid()),
    Column("user_id", Uuid()),
    Column("method", String()),
    Column("label", String()),
    Column("created_at", UtcDateTime()),
    Column("last_used_at", UtcDateTime()),
    Column("is_second_factor", Boolean()),
)
"""The credentials of accounts: a view with one row for each credential of each method.

Every method keeps its credentials in its own tables, and its migration adds them to the view, so that whether
an account has a second factor is defined in one place. `label` is the user's name for a credential, or "";
`last_used_at` is None if unknown.
"""
