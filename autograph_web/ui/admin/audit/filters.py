"""The filters of the audit page: their values in the URL, and the criteria they stand for."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from autograph_web.admin.inputs import AuditInput
from autograph_web.audit.event_types import EventCategory, EventType, Outcome
from autograph_web.ui.date_ranges import RANGES, since
from autograph_web.ui.query_filters import ANY_TEXT, Options, QueryFilters
from autograph_web.ui.routes import ADMIN_AUDIT, Route

GROUPS: Options = (("", "All categories"), *((group.value, group.label) for group in EventCategory))
_BY_LABEL = sorted(EventType, key=lambda kind: kind.label)
KINDS: Options = (("", "All events"), *((kind.value, kind.label) for kind in _BY_LABEL))
OUTCOMES: Options = (
    ("", "All outcomes"),
    (Outcome.DONE.value, "Succeeded"),
    (Outcome.REFUSED.value, "Failed"),
)
"""The options of each filter, with their labels."""
_LONGEST_ADDRESS = (
    64  # of `AuditInput`; what is longer is no address and matches nothing, nor does its beginning
)


@dataclass(frozen=True, slots=True)
class Filters(QueryFilters):
    """The filters of the audit page."""

    ROUTE: ClassVar[Route] = ADMIN_AUDIT
    OPTIONS: ClassVar[dict[str, Options]] = {
        "person": ANY_TEXT,
        "ip": ANY_TEXT,
        "group": GROUPS,
        "kind": KINDS,
        "outcome": OUTCOMES,
        "range": RANGES,
    }

    person: str = ""
    ip: str = ""
    group: str = ""
    kind: str = ""
    outcome: str = ""
    range: str = ""

    def criteria(self, now: datetime) -> AuditInput:
        """Return the criteria for the service."""
        return AuditInput(
            person=self.person or None,
            ip=self.ip[:_LONGEST_ADDRESS] or None,
            group=EventCategory(self.group) if self.group else None,
            kind=self.kind or None,
            outcome=Outcome(self.outcome) if self.outcome else None,
            since=since(self.range, now),
        )

    def download(self, form: str, now: datetime) -> str:
        """Return the URL that downloads all matching events as a file."""
        query = self.criteria(now).model_dump(mode="json", exclude_none=True)
        return f"{self.ROUTE.path}/export?{urlencode({'format': form} | query)}"
