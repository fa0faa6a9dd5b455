"""The state of the overview for administrators."""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar

import reflex as rx

from autograph_web.admin.statistics.figures import Span
from autograph_web.admin.statistics.statistics import Report
from autograph_web.infra.errors import DomainError
from autograph_web.runtime import services
from autograph_web.ui import messages
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.admin.overview.rows import Plot, Point, Tile, points_of, summary_of, tiles_of
from autograph_web.ui.routes import ADMIN_OVERVIEW, Route
from autograph_web.ui.view_models import format_datetime, iso


class OverviewState(AccountPage, rx.State):
    """The state of the overview; `span` is the number of days, today included."""

    _route: ClassVar[Route] = ADMIN_OVERVIEW

    span: int = Span.MONTH.value
    pending: bool = False
    problem: str = ""
    focus: str = ""
    at: str = ""
    when: str = ""
    tiles: rx.Field[list[Tile]] = rx.field(default_factory=list)
    alerts: rx.Field[list[str]] = rx.field(default_factory=list)
    points: rx.Field[list[Point]] = rx.field(default_factory=list)
    summaries: rx.Field[dict[str, str]] = rx.field(default_factory=dict)

    @rx.event
    async def choose(self, days: Any) -> AsyncGenerator[None, None]:
        """Show another span of days."""
        span = next((one for one in Span if days in (one.value, str(one.value))), None)
        if self.pending or span is None:
            return
        self.pending = True
        yield
        await self._attempt_load(self._show(span))

    async def _load(self) -> None:
        await self._show(Span(self.span))

    async def _show(self, span: Span) -> None:
        self.pending, self.problem = False, ""
        principal = await self._authorize()
        account = await services().profiles.of(principal.user_id)
        self._show_report(await services().statistics.report(span))
        self.span = span.value
        self._show_account(principal, account)

    def _show_report(self, report: Report) -> None:
        self.at, self.when = iso(report.at), format_datetime(report.at)
        self.tiles, self.points = tiles_of(report.now), points_of(report.days)
        self.alerts = [one.sentence for one in report.attention]
        self.summaries = {plot.value: summary_of(plot, report.days) for plot in Plot}

    def _load_failed(self, error: DomainError) -> None:
        # Shown above what is already visible.
        super()._load_failed(error)
        self.problem = messages.sentence(error)
