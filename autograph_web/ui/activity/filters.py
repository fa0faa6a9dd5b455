"""The filters of the activity page: their values in the URL, and the criteria they stand for."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from autograph_web.audit.event_types import EventCategory
from autograph_web.profile.inputs import ActivityInput, Device
from autograph_web.ui.date_ranges import RANGES, since
from autograph_web.ui.query_filters import Options, QueryFilters
from autograph_web.ui.routes import ACTIVITY, Route

GROUPS: Options = (("", "All activity"), *((group.value, group.label) for group in EventCategory))
DEVICES: Options = (
    ("", "All devices"),
    (Device.THIS.value, "This device"),
    (Device.OTHER.value, "Other devices"),
)
"""The options of each filter, with their labels."""


@dataclass(frozen=True, slots=True)
class Filters(QueryFilters):
    """The filters of the activity page."""

    ROUTE: ClassVar[Route] = ACTIVITY
    OPTIONS: ClassVar[dict[str, Options]] = {"group": GROUPS, "device": DEVICES, "range": RANGES}

    group: str = ""
    device: str = ""
    range: str = ""

    def criteria(self, now: datetime) -> ActivityInput:
        """Return the criteria for the service."""
        return ActivityInput(
            group=EventCategory(self.group) if self.group else None,
            device=Device(self.device) if self.device else None,
            since=since(self.range, now),
        )

    def download(self, form: str, now: datetime) -> str:
        """Return the URL that downloads all matching events as a file."""
        criteria = self.criteria(now)
        query = {"format": form} | {name: value for name, value in self.selected.items() if name != "range"}
        begin = {"since": criteria.since.isoformat(timespec="seconds")} if criteria.since else {}
        return f"/activity/export?{urlencode(query | begin)}"
