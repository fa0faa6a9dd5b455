"""The table of recovery codes."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime


class RecoveryCode(Model, table=True):
    """One recovery code, stored as its hash; `used_at` is set exactly once."""

    __tablename__ = "recovery_codes"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    code_hash: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
