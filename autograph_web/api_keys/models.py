"""The table of API keys."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime


class ApiKeyRow(Model, table=True):
    """One key, stored as a hash. A plain SHA-256 suffices, as 256 random bits cannot be guessed."""

    __tablename__ = "api_keys"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True, max_length=11)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=64)
    scopes: str = Field(max_length=64)
    key_hash: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_ip: str = Field(default="", max_length=64)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
