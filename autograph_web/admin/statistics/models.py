"""The table of daily counts."""

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from autograph_web.infra.db.types import Model


class CountRow(Model, table=True):
    """The count of one kind of event on a day in UTC, covering audit rows up to `through_id`, inclusive."""

    __tablename__ = "daily_counts"  # pyright: ignore[reportAssignmentType]

    day: date = Field(primary_key=True)
    what: str = Field(primary_key=True, max_length=64)
    number: int = Field(sa_type=BigInteger)
    through_id: int = Field(sa_type=BigInteger)
