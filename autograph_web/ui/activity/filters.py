"""What a person chooses on the activity page: as it stands in the address, and what it means."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from autograph_web.audit.kinds import Group
from autograph_web.profile.inputs import ActivityInput, Device
from autograph_web.ui.choices import Choices, Options
from autograph_web.ui.ranges import RANGES, since
from autograph_web.ui.routes import ACTIVITY, Route

GROUPS: Options = (("", "Everything"), *((group.value, group.label) for group in Group))
DEVICES: Options = (
    ("", "Every device"),
    (Device.THIS.value, "This session"),
    (Device.OTHER.value, "Everywhere else"),
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
            since=since(self.range, now),
        )

    def download(self, form: str, now: datetime) -> str:
        """Return where all of it can be had as a file."""
        wish = self.wish(now)
        query = {"format": form} | {name: value for name, value in self.chosen.items() if name != "range"}
        begin = {"since": wish.since.isoformat(timespec="seconds")} if wish.since else {}
        return f"/activity/export?{urlencode(query | begin)}"
