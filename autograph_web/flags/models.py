"""The table of operators' flag overrides."""

from datetime import datetime

from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime


class FlagRow(Model, table=True):
    """An override of a flag's default; without a row, the default applies.

    It applies to `percent` of the accounts.
    """

    __tablename__ = "flags"  # pyright: ignore[reportAssignmentType]

    name: str = Field(primary_key=True, max_length=64)
    value: str = Field(max_length=32)
    percent: int
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str = Field(max_length=400)
