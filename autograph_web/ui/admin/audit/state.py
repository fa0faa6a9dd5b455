"""The state behind the audit page."""

from typing import Any, ClassVar

import reflex as rx

from autograph_web.infra.clock import SystemClock
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui.admin.audit.filters import Filters
from autograph_web.ui.admin.rows import FindingRow, finding_row
from autograph_web.ui.choices import Choices
from autograph_web.ui.listing import PORTION, Listing
from autograph_web.ui.routes import ADMIN_AUDIT, Route

_CLOCK = SystemClock()


class AuditState(Listing, rx.State):
    """What the audit page shows, newest first."""

    _here: ClassVar[Route] = ADMIN_AUDIT
    _choices: ClassVar[type[Choices]] = Filters
    _end: ClassVar[str] = "audit-end"
    _one_and_many: ClassVar[tuple[str, str]] = ("event", "events")

    person: str = ""
    ip: str = ""
    group: str = ""
    kind: str = ""
    outcome: str = ""
    range: str = ""
    csv: str = ""
    json: str = ""
    rows: rx.Field[list[FindingRow]] = rx.field(default_factory=list)

    async def _read(self, looking: Viewer, chosen: Choices, place: str) -> tuple[list[Any], str | None]:
        wish = Filters.of(chosen.chosen).wish(_CLOCK.now())
        page = await services().audit_search.page(wish, place or None, PORTION)
        return [finding_row(one) for one in page.found], page.next_cursor

    def _note(self, chosen: Choices) -> None:
        filters, now = Filters.of(chosen.chosen), _CLOCK.now()
        self.csv, self.json = filters.download("csv", now), filters.download("json", now)
