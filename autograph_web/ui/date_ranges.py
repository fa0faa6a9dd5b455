"""How far back a list of events looks."""

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
"""What may be chosen, with the words for it."""


def since(chosen: str, now: datetime) -> datetime | None:
    """Return the earliest moment of what is chosen; None for any time."""
    return now - timedelta(days=_LENGTHS[DateRange(chosen)]) if chosen else None
