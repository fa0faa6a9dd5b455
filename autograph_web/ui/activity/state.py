"""The state behind the activity page."""

from typing import Any, ClassVar

import reflex as rx

from autograph_web.infra.clock import SystemClock
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import viewer
from autograph_web.ui.activity.filters import Filters
from autograph_web.ui.choices import Choices
from autograph_web.ui.listing import PORTION, Listing
from autograph_web.ui.routes import ACTIVITY, Route
from autograph_web.ui.viewer import ActivityRow

_CLOCK = SystemClock()


class ActivityState(Listing, rx.State):
    """What the activity page shows."""

    _here: ClassVar[Route] = ACTIVITY
    _choices: ClassVar[type[Choices]] = Filters
    _end: ClassVar[str] = "activity-end"
    _one_and_many: ClassVar[tuple[str, str]] = ("event", "events")

    group: str = ""
    device: str = ""
    range: str = ""
    csv: str = ""
    json: str = ""
    rows: rx.Field[list[ActivityRow]] = rx.field(default_factory=list)

    async def _read(self, looking: Viewer, chosen: Choices, place: str) -> tuple[list[Any], str | None]:
        wish = Filters.of(chosen.chosen).wish(_CLOCK.now())
        page = await services().activity.page(looking, wish, place or None, PORTION)
        rows = [viewer.activity_row(event, event.id, looking.session_id) for event in page.events]
        return rows, page.next_cursor

    def _note(self, chosen: Choices) -> None:
        filters, now = Filters.of(chosen.chosen), _CLOCK.now()
        self.csv, self.json = filters.download("csv", now), filters.download("json", now)
