"""The state behind the activity page."""

import logging
from collections.abc import AsyncGenerator, Awaitable
from typing import Any, ClassVar

import reflex as rx

from autograph_web.core.clock import SystemClock
from autograph_web.core.errors import (
    DomainError,
    InternalError,
    InvalidCursor,
    NotAuthenticated,
    SessionEnded,
)
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import guard, viewer
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.activity.filters import Filters
from autograph_web.ui.routes import ACTIVITY, Route
from autograph_web.ui.viewer import ActivityRow

_logger = logging.getLogger(__name__)

_ROWS = 40
# All that is listed is kept on the server for each tab, and sent again whole when it grows.
_MOST_ROWS = 400
_CLOCK = SystemClock()


class ActivityState(AccountPage, rx.State):
    """What the activity page shows. `_cursor` is where the list goes on; no client can set it."""

    _here: ClassVar[Route] = ACTIVITY

    answers: int = 0
    pending: bool = False
    problem: str = ""
    focus: str = ""
    said: str = ""
    group: str = ""
    device: str = ""
    range: str = ""
    address: str = ""
    csv: str = ""
    json: str = ""
    from_the_middle: bool = False
    more: bool = False
    go_on: str = ""
    rows: rx.Field[list[ActivityRow]] = rx.field(default_factory=list)
    _cursor: str = ""

    @rx.event
    async def load(self) -> None:
        """Fill the page when it is opened, again by "Try again", and after a mended connection."""
        self.pending = False
        given: dict[str, object] = dict(self.router.url.query_parameters)
        before = given.get("before")
        await self._attempt(self._open(Filters.of(given), before if isinstance(before, str) else ""))

    @rx.event
    async def choose(self, name: Any, value: Any) -> AsyncGenerator[None, None]:
        """Show what one of the choices picks."""
        if self.pending or not isinstance(name, str):
            return
        self._begin()
        yield
        chosen = Filters.of({**self._filters().chosen, name: value})
        await self._attempt(self._show(chosen))

    @rx.event
    async def older(self) -> AsyncGenerator[None, None]:
        """Add the events before those that are shown."""
        if self.pending or not self._cursor or len(self.rows) >= _MOST_ROWS:
            return
        self._begin()
        yield
        await self._attempt(self._add())

    def _filters(self) -> Filters:
        return Filters(self.group, self.device, self.range)

    async def _open(self, chosen: Filters, before: str) -> None:
        looking = await self._owner_or_nobody()
        if self.loaded:  # the connection was mended: what is listed stays where it is
            return
        account = await services().profiles.of(looking.user_id)
        try:
            await self._list(looking, chosen, before)
        except InvalidCursor:  # the address bar may say anything
            await self._list(looking, chosen)
        self._show_owner(looking, account)

    async def _show(self, chosen: Filters) -> None:
        await self._list(await self._owner_or_nobody(), chosen)
        self.address = chosen.address()
        self.said = self._count()

    async def _list(self, looking: Viewer, chosen: Filters, before: str = "") -> None:
        now = _CLOCK.now()
        page = await services().activity.page(looking, chosen.wish(now), before or None, _ROWS)
        self.group, self.device, self.range = chosen.group, chosen.device, chosen.range
        self.csv, self.json = chosen.download("csv", now), chosen.download("json", now)
        self.from_the_middle = bool(before)
        self.rows = [viewer.activity_row(event, event.id, looking.session_id) for event in page.events]
        self._note_rest(page.next_cursor)

    async def _add(self) -> None:
        looking = await self._owner_or_nobody()
        wish = self._filters().wish(_CLOCK.now())
        page = await services().activity.page(looking, wish, self._cursor, _ROWS)
        self.rows = [
            *self.rows,
            *(viewer.activity_row(event, event.id, looking.session_id) for event in page.events),
        ]
        self._note_rest(page.next_cursor)
        self.said = self._count()
        if not self.more:  # the button that had the focus is gone
            self.focus = f"activity-end:{self.answers}"

    async def _owner_or_nobody(self) -> Viewer:
        """Return who is looking, unless what is listed belongs to another session: lists must never mix."""
        looking = await guard.viewer_of(self.router)
        if self._owner and self._owner != str(looking.session_id):
            raise SessionEnded
        return looking

    def _note_rest(self, cursor: str | None) -> None:
        full = len(self.rows) >= _MOST_ROWS
        self._cursor = cursor or ""
        self.more = bool(cursor) and not full
        self.go_on = self._filters().address(self._cursor) if cursor and full else ""

    def _count(self) -> str:
        number = len(self.rows)
        return "Showing one event." if number == 1 else f"Showing {number} events."

    def _begin(self) -> None:
        self.pending, self.problem, self.focus, self.said = True, "", "", ""

    async def _attempt(self, trying: Awaitable[None]) -> None:
        """Run `trying`; what was shown before stays when it fails."""
        try:
            await trying
        except (NotAuthenticated, SessionEnded):
            self._session_over(self._here)
            return
        except DomainError as error:
            self._fail(error)
        except Exception:
            # Raised further, the page would wait for an answer that never comes.
            _logger.exception("the activity page failed unexpectedly")
            self._fail(InternalError())
        self.pending = False
        self.answers += 1

    def _fail(self, error: DomainError) -> None:
        self.failed = not self.loaded
        self.problem = error.detail if self.loaded else ""
