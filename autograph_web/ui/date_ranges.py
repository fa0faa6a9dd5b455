"""The date ranges of a list of events."""

from datetime import datetime, timedelta
from enum import StrEnum

from autograph_web.ui.query_filters import Options


class DateRange(StrEnum):
    """How far back to look."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


_LENGTHS = {DateRange.DAY: 1, DateRange.WEEK: 7, DateRange.MONTH: 30, DateRange.QUARTER: 90}

RANGES: Options = (
    ("", "Any time"),
    (DateRange.DAY.value, "Last 24 hours"),
    (DateRange.WEEK.value, "Last 7 days"),
    (DateRange.MONTH.value, "Last 30 days"),
    (DateRange.QUARTER.value, "Last 90 days"),
)
"""The options, with their labels."""


def since(chosen: str, now: datetime) -> datetime | None:
    """Return the start of the range `chosen`; None for no limit."""
    return now - timedelta(days=_LENGTHS[DateRange(chosen)]) if chosen else None
