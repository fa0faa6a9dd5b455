"""The state behind the audit page."""

from typing import Any, ClassVar

import reflex as rx

from autograph_web.infra.clock import SystemClock
from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui.admin.audit.filters import Filters
from autograph_web.ui.admin.rows import AuditRow, audit_row
from autograph_web.ui.listing import PAGE_SIZE, Listing
from autograph_web.ui.query_filters import QueryFilters
from autograph_web.ui.routes import ADMIN_AUDIT, Route

_CLOCK = SystemClock()


class AuditState(Listing, rx.State):
    """The state of the audit page; newest events first."""

    _route: ClassVar[Route] = ADMIN_AUDIT
    _filter_type: ClassVar[type[QueryFilters]] = Filters
    _end_id: ClassVar[str] = "audit-end"
    _noun: ClassVar[tuple[str, str]] = ("event", "events")

    person: str = ""
    ip: str = ""
    group: str = ""
    kind: str = ""
    outcome: str = ""
    range: str = ""
    csv: str = ""
    json: str = ""
    rows: rx.Field[list[AuditRow]] = rx.field(default_factory=list)

    async def _read_page(
        self, principal: SessionPrincipal, filters: QueryFilters, cursor: str
    ) -> tuple[list[Any], str | None]:
        criteria = Filters.of(filters.selected).criteria(_CLOCK.now())
        page = await services().audit_search.page(criteria, cursor or None, PAGE_SIZE)
        return [audit_row(one) for one in page.found], page.next_cursor

    def _set_downloads(self, filters: QueryFilters) -> None:
        selected, now = Filters.of(filters.selected), _CLOCK.now()
        self.csv, self.json = selected.download("csv", now), selected.download("json", now)
