"""The database table of the outbox."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, Text
from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime


class OutboxRow(Model, table=True):
    """One email. It is due until sent or given up; its content is stored encrypted until it is sent.

    `attempts` counts the claims, and thereby distinguishes a claim from every later one of the same email.
    """

    __tablename__ = "outbox"  # pyright: ignore[reportAssignmentType]

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    message_id: str = Field(max_length=320, unique=True)
    sealed_letter: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    attempts: int = 0
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = Field(default=None, max_length=64)
