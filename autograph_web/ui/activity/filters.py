"""What a person chooses on the activity page: as it stands in the address, and what it means."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from urllib.parse import urlencode

from autograph_web.audit.kinds import Group
from autograph_web.profile.inputs import ActivityInput, Device
from autograph_web.ui.choices import Choices, Options
from autograph_web.ui.routes import ACTIVITY, Route


class Range(StrEnum):
    """How far back to look."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


_LENGTHS = {Range.DAY: 1, Range.WEEK: 7, Range.MONTH: 30, Range.QUARTER: 90}

GROUPS: Options = (("", "Everything"), *((group.value, group.label) for group in Group))
DEVICES: Options = (
    ("", "Every device"),
    (Device.THIS.value, "This session"),
    (Device.OTHER.value, "Everywhere else"),
)
RANGES: Options = (
    ("", "Any time"),
    (Range.DAY.value, "Last 24 hours"),
    (Range.WEEK.value, "Last 7 days"),
    (Range.MONTH.value, "Last 30 days"),
    (Range.QUARTER.value, "Last 90 days"),
)
"""What each choice may be, with the words for it."""


@dataclass(frozen=True, slots=True)
class Filters(Choices):
    """The choices of the activity page."""

    HERE: ClassVar[Route] = ACTIVITY
    OPTIONS: ClassVar[dict[str, Options]] = {"group": GROUPS, "device": DEVICES, "range": RANGES}

    group: str = ""
    device: str = ""
    range: str = ""

    def wish(self, now: datetime) -> ActivityInput:
        """Return what is asked of the service."""
        return ActivityInput(
            group=Group(self.group) if self.group else None,
            device=Device(self.device) if self.device else None,
            since=now - timedelta(days=_LENGTHS[Range(self.range)]) if self.range else None,
        )

    def download(self, form: str, now: datetime) -> str:
        """Return where all of it can be had as a file."""
        wish = self.wish(now)
        query = {"format": form} | {name: value for name, value in self.chosen.items() if name != "range"}
        since = {"since": wish.since.isoformat(timespec="seconds")} if wish.since else {}
        return f"/activity/export?{urlencode(query | since)}"
