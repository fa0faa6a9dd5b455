"""The table of what operators switched."""

from datetime import datetime

from sqlmodel import Field

from autograph_web.infra.db.types import Model, UtcDateTime


class FlagRow(Model, table=True):
    """What stands in the place of a flag's default; without a row the default does.

    It holds for `percent` of the accounts.
    """

    __tablename__ = "flags"  # pyright: ignore[reportAssignmentType]

    name: str = Field(primary_key=True, max_length=64)
    value: str = Field(max_length=32)
    percent: int
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str = Field(max_length=400)
