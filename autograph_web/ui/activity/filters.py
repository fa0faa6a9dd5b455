"""What a person chooses on the activity page: as it stands in the address, and what it means."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from urllib.parse import urlencode

from autograph_web.audit.kinds import Group
from autograph_web.profile.inputs import ActivityInput, Device
from autograph_web.ui.routes import ACTIVITY


class Range(StrEnum):
    """How far back to look."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


_LENGTHS = {Range.DAY: 1, Range.WEEK: 7, Range.MONTH: 30, Range.QUARTER: 90}

GROUPS: tuple[tuple[str, str], ...] = (("", "Everything"), *((group.value, group.label) for group in Group))
DEVICES: tuple[tuple[str, str], ...] = (
    ("", "Every device"),
    (Device.THIS.value, "This session"),
    (Device.OTHER.value, "Everywhere else"),
)
RANGES: tuple[tuple[str, str], ...] = (
    ("", "Any time"),
    (Range.DAY.value, "Last 24 hours"),
    (Range.WEEK.value, "Last 7 days"),
    (Range.MONTH.value, "Last 30 days"),
    (Range.QUARTER.value, "Last 90 days"),
)
"""What each choice may be, with the words for it."""

_CHOICES = {"group": GROUPS, "device": DEVICES, "range": RANGES}


@dataclass(frozen=True, slots=True)
class Filters:
    """One value of each choice, by the name it has in the address; empty means all."""

    group: str = ""
    device: str = ""
    range: str = ""

    @classmethod
    def of(cls, given: dict[str, object]) -> Self:
        """Return what `given` chooses; what is none of the choices is left out, wherever it came from."""
        return cls(**{name: _known(name, given.get(name)) for name in _CHOICES})

    @property
    def chosen(self) -> dict[str, str]:
        """What is not left at its default."""
        given = {"group": self.group, "device": self.device, "range": self.range}
        return {name: value for name, value in given.items() if value}

    def address(self, before: str = "") -> str:
        """Return where the page shows this, from the cursor `before` on if there is one."""
        query = urlencode(self.chosen | ({"before": before} if before else {}))
        return f"{ACTIVITY.path}?{query}" if query else ACTIVITY.path

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


def _known(name: str, value: object) -> str:
    return value if isinstance(value, str) and value in dict(_CHOICES[name]) else ""
