"""The table of trusted devices."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime


class TrustedDevice(Model, table=True):
    """A browser exempt from the second factor until `expires_at`, identified by the hash of its cookie."""

    __tablename__ = "trusted_devices"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=64, unique=True)
    ip: str = Field(max_length=64)
    user_agent: str = Field(max_length=512)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
