"""The tables of the audit chain."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, Integer
from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime

_BIG = BigInteger().with_variant(Integer, "sqlite")


class LinkRow(Model, table=True):
    """The link of one audit row. Links are only added, and removed in whole days, oldest first.

    `settled_id` is the greatest row id below which no row could appear any more when this link was made.
    `origin` authenticates address and user agent; it is computed with `salt`, which is blanked when an
    account is deleted.
    """

    __tablename__ = "audit_chain"  # pyright: ignore[reportAssignmentType]

    position: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))
    audit_id: int = Field(sa_column=Column(_BIG, nullable=False, unique=True))
    day: date
    sealed_at: datetime = Field(sa_type=UtcDateTime)
    settled_id: int = Field(sa_type=BigInteger)
    kid: str = Field(max_length=16)
    salt: bytes
    origin: bytes
    content: bytes
    digest: bytes


class CheckpointRow(Model, table=True):
    """The start of the chain after older days were removed: the last removed link, and a MAC over it."""

    __tablename__ = "audit_checkpoints"  # pyright: ignore[reportAssignmentType]

    position: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))
    day: date
    made_at: datetime = Field(sa_type=UtcDateTime)
    digest: bytes
    kid: str = Field(max_length=16)
    seal: bytes


class ChainKeyRow(Model, table=True):
    """A key that links were made with, encrypted with the newest secret: links outlive the secrets."""

    __tablename__ = "audit_keys"  # pyright: ignore[reportAssignmentType]

    kid: str = Field(primary_key=True, max_length=16)
    sealed: str = Field(max_length=256)
