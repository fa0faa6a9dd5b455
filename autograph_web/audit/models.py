"""The table of the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, text
from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime

EVERYBODYS = "audit_log.kind <> ''"
"""True of every row. Queries over all accounts include it, and only then are the partial indexes for them
used; without it PostgreSQL sometimes scans such an index by time to find the few rows of one account."""


def _everybodys(name: str, *columns: str) -> Index:
    where = text(EVERYBODYS.partition(".")[2])
    return Index(name, *columns, postgresql_where=where, sqlite_where=where)


class AuditRow(Model, table=True):
    """One event. Rows are append-only and outlive the account they refer to, so there is no foreign key.

    Once the account is deleted, its id identifies no user, and address and user agent are blank.
    """

    __tablename__ = "audit_log"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_audit_log_user_id_at", "user_id", "at", "id"),
        Index("ix_audit_log_user_id_kind", "user_id", "kind", "at", "id"),
        _everybodys("ix_audit_log_at", "at", "id"),
        _everybodys("ix_audit_log_kind_at", "kind", "at", "id"),
        _everybodys("ix_audit_log_ip_at", "ip", "at", "id"),
    )

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    at: datetime = Field(sa_type=UtcDateTime)
    user_id: UUID | None = None
    kind: str = Field(max_length=64)
    ip: str = Field(max_length=64)
    user_agent: str = Field(max_length=512)
    session_id: UUID | None = None
    request_id: str = Field(max_length=64)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
