"""The table of days that were counted already."""

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from autograph_web.infra.db.types import Model


class CountRow(Model, table=True):
    """How often something happened on a day in UTC, among the audit rows up to and with `through_id`."""

    __tablename__ = "daily_counts"  # pyright: ignore[reportAssignmentType]

    day: date = Field(primary_key=True)
    what: str = Field(primary_key=True, max_length=64)
    number: int = Field(sa_type=BigInteger)
    through_id: int = Field(sa_type=BigInteger)
