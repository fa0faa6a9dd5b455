"""The tables of authenticators."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime


class TotpFactor(Model, table=True):
    """One authenticator. A pending one is not enforced yet; `last_step` is the newest time step used.

    `last_used_at` is None until one of its codes is used; uses recorded by the previous version do not set
    it.
    """

    __tablename__ = "totp_factors"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    sealed_secret: str = Field(max_length=255)
    last_step: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReplacedAuthenticator(Model, table=True):
    """The key of the last authenticator an account replaced: it grants no access, and is kept for 30 days."""

    __tablename__ = "replaced_authenticators"  # pyright: ignore[reportAssignmentType]

    user_id: UUID = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    sealed_secret: str = Field(max_length=255)
    replaced_at: datetime = Field(sa_type=UtcDateTime, index=True)
