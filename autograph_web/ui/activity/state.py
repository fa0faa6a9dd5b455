"""The state behind the activity page."""

from typing import Any, ClassVar

import reflex as rx

from autograph_web.infra.clock import SystemClock
from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import view_models
from autograph_web.ui.activity.filters import Filters
from autograph_web.ui.listing import PAGE_SIZE, Listing
from autograph_web.ui.query_filters import QueryFilters
from autograph_web.ui.routes import ACTIVITY, Route
from autograph_web.ui.view_models import ActivityRow

_CLOCK = SystemClock()


class ActivityState(Listing, rx.State):
    """The state of the activity page."""

    _route: ClassVar[Route] = ACTIVITY
    _filter_type: ClassVar[type[QueryFilters]] = Filters
    _end_id: ClassVar[str] = "activity-end"
    _noun: ClassVar[tuple[str, str]] = ("event", "events")

    group: str = ""
    device: str = ""
    range: str = ""
    csv: str = ""
    json: str = ""
    rows: rx.Field[list[ActivityRow]] = rx.field(default_factory=list)

    async def _read_page(
        self, principal: SessionPrincipal, filters: QueryFilters, cursor: str
    ) -> tuple[list[Any], str | None]:
        criteria = Filters.of(filters.selected).criteria(_CLOCK.now())
        page = await services().activity.page(principal, criteria, cursor or None, PAGE_SIZE)
        rows = [view_models.activity_row(event, event.id, principal.session_id) for event in page.events]
        return rows, page.next_cursor

    def _set_downloads(self, filters: QueryFilters) -> None:
        selected, now = Filters.of(filters.selected), _CLOCK.now()
        self.csv, self.json = selected.download("csv", now), selected.download("json", now)
