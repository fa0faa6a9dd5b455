"""The tables of sessions and refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime


class SessionRow(Model, table=True):
    """One sign-in: a browser's cookie or a client's family of refresh tokens (`cookie_hash` empty).

    `amr` holds RFC 8176 values separated by a space, or None if the previous version opened the session.
    """

    __tablename__ = "sessions"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    cookie_hash: str = Field(default="", max_length=64)
    epoch: int
    remember: bool
    method: str = Field(max_length=32)
    amr: str | None = Field(default=None, max_length=64)
    ip: str = Field(max_length=64)
    user_agent: str = Field(max_length=512)
    created_at: datetime = Field(sa_type=UtcDateTime)
    authenticated_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    idle_expires_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_reason: str = Field(default="", max_length=32)


class RefreshTokenRow(Model, table=True):
    """One refresh token; `used_at` is set exactly once, by the request that rotates it.

    That request also sets `successor_id`, the token issued in exchange, and `used_by`, a hash of the client.
    """

    __tablename__ = "refresh_tokens"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="sessions.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=64)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    successor_id: UUID | None = Field(default=None)
    used_by: str | None = Field(default=None, max_length=64)
