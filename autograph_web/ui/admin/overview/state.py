"""The state behind the administrators' overview."""

import logging
from collections.abc import AsyncGenerator
from typing import Any, ClassVar

import reflex as rx

from autograph_web.admin.statistics.figures import Span
from autograph_web.admin.statistics.statistics import Report
from autograph_web.infra.errors import DomainError, InternalError
from autograph_web.runtime import services
from autograph_web.ui import messages
from autograph_web.ui.account_page import TURNED_AWAY, AccountPage
from autograph_web.ui.admin.overview.rows import Plot, Point, Tile, points_of, summary_of, tiles_of
from autograph_web.ui.routes import ADMIN_OVERVIEW, Route
from autograph_web.ui.viewer import in_words, iso

_logger = logging.getLogger(__name__)


class OverviewState(AccountPage, rx.State):
    """What the overview shows; `span` is how many days, today included."""

    _here: ClassVar[Route] = ADMIN_OVERVIEW

    span: int = Span.MONTH.value
    pending: bool = False
    problem: str = ""
    focus: str = ""
    at: str = ""
    when: str = ""
    tiles: rx.Field[list[Tile]] = rx.field(default_factory=list)
    matters: rx.Field[list[str]] = rx.field(default_factory=list)
    points: rx.Field[list[Point]] = rx.field(default_factory=list)
    summaries: rx.Field[dict[str, str]] = rx.field(default_factory=dict)

    @rx.event
    async def load(self) -> None:
        """Fill the page when it is opened, again by "Try again", and after a mended connection."""
        await self._attempt(Span(self.span))

    @rx.event
    async def choose(self, days: Any) -> AsyncGenerator[None, None]:
        """Look at another span of days."""
        span = next((one for one in Span if days in (one.value, str(one.value))), None)
        if self.pending or span is None:
            return
        self.pending = True
        yield
        await self._attempt(span)

    async def _attempt(self, span: Span) -> None:
        self.problem = ""
        try:
            await self._show(span)
        except TURNED_AWAY as error:
            self._turn_away(error)
        except DomainError as error:
            self._fail(error)
        except Exception:
            # Raised further, the page would wait for an answer that never comes.
            _logger.exception("loading the overview failed unexpectedly")
            self._fail(InternalError())
        self.pending = False

    async def _show(self, span: Span) -> None:
        looking = await self._looking()
        account = await services().profiles.of(looking.user_id)
        self._put(await services().statistics.report(span))
        self.span = span.value
        self._show_owner(looking, account)

    def _put(self, report: Report) -> None:
        self.at, self.when = iso(report.at), in_words(report.at)
        self.tiles, self.points = tiles_of(report.now), points_of(report.days)
        self.matters = [one.sentence for one in report.attention]
        self.summaries = {plot.value: summary_of(plot, report.days) for plot in Plot}

    def _fail(self, error: DomainError) -> None:
        # What is shown already stays, with what went wrong above it.
        self.failed = not self.loaded
        self.problem = messages.sentence(error)
