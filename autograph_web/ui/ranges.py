"""How far back a list of events looks."""

from datetime import datetime, timedelta
from enum import StrEnum

from autograph_web.ui.choices import Options


class Range(StrEnum):
    """How far back to look."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


_LENGTHS = {Range.DAY: 1, Range.WEEK: 7, Range.MONTH: 30, Range.QUARTER: 90}

RANGES: Options = (
    ("", "Any time"),
    (Range.DAY.value, "Last 24 hours"),
    (Range.WEEK.value, "Last 7 days"),
    (Range.MONTH.value, "Last 30 days"),
    (Range.QUARTER.value, "Last 90 days"),
)
"""What may be chosen, with the words for it."""


def since(chosen: str, now: datetime) -> datetime | None:
    """Return the earliest moment of what is chosen; None for any time."""
    return now - timedelta(days=_LENGTHS[Range(chosen)]) if chosen else None
