"""What the pages share that list what some choices pick, a portion at a time."""

from collections.abc import AsyncGenerator, Awaitable
from typing import Any, ClassVar, cast

import reflex as rx

from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.errors import InvalidCursor
from autograph_web.infra.errors import DomainError
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.choices import Choices

PORTION = 40
"""How many are read at once."""
# All that is listed is kept on the server for each tab, and sent again whole when it grows.
_MOST_ROWS = 400


class Listing(AccountPage, mixin=True):
    """Vars of such a page; one more is called `rows`, and one by the name of each choice.

    `_cursor` is where the list goes on; no client can set it. `end` is the element below the list.
    """

    _choices: ClassVar[type[Choices]]
    _end: ClassVar[str]
    _one_and_many: ClassVar[tuple[str, str]]

    answers: int = 0
    pending: bool = False
    problem: str = ""
    focus: str = ""
    said: str = ""
    address: str = ""
    from_the_middle: bool = False
    more: bool = False
    go_on: str = ""
    _cursor: str = ""

    @rx.event
    async def choose(self, name: Any, value: Any) -> AsyncGenerator[None, None]:
        """Show what one of the choices picks."""
        if self.pending or not isinstance(name, str):
            return
        self._begin()
        yield
        await self._attempt_load(self._show(self._choices.of({**self._chosen().chosen, name: value})))

    @rx.event
    async def search(self, form: Any) -> AsyncGenerator[None, None]:
        """Show what all of the choices pick, as a form has them."""
        if self.pending or not isinstance(form, dict):
            return
        self._begin()
        yield
        await self._attempt_load(self._show(self._choices.of(cast("dict[str, object]", form))))

    @rx.event
    async def further(self) -> AsyncGenerator[None, None]:
        """Add those that follow the last that is shown."""
        if self.pending or not self._cursor or self._shown() >= _MOST_ROWS:
            return
        self._begin()
        yield
        await self._attempt_load(self._add())

    async def _read(self, looking: Viewer, chosen: Choices, place: str) -> tuple[list[Any], str | None]:
        """Return a portion of what is chosen, as rows, and where it goes on.

        Raises:
            InvalidCursor: No portion of ours ended at `place`.
        """
        raise NotImplementedError

    def _note(self, chosen: Choices) -> None:
        """Note what else there is to say of what is chosen."""

    def _chosen(self) -> Choices:
        return self._choices.of({name: getattr(self, name) for name in self._choices.OPTIONS})

    async def _load(self) -> None:
        given: dict[str, object] = dict(self.router.url.query_parameters)
        place = given.get(self._choices.PLACE)
        await self._open(self._choices.of(given), place if isinstance(place, str) else "")

    async def _open(self, chosen: Choices, place: str) -> None:
        looking = await self._owner_or_nobody()
        if self.loaded:  # the connection was mended: what is listed stays where it is
            return
        account = await services().profiles.of(looking.user_id)
        try:
            await self._list(looking, chosen, place)
        except InvalidCursor:  # the address bar may say anything
            await self._list(looking, chosen)
        self._show_owner(looking, account)

    async def _show(self, chosen: Choices) -> None:
        await self._list(await self._owner_or_nobody(), chosen)
        self.address = chosen.address()
        self.said = self._count()

    async def _list(self, looking: Viewer, chosen: Choices, place: str = "") -> None:
        rows, cursor = await self._read(looking, chosen, place)
        for name in self._choices.OPTIONS:
            setattr(self, name, chosen.chosen.get(name, ""))
        self._note(chosen)
        self.from_the_middle = bool(place)
        self.rows = rows
        self._note_rest(cursor)

    async def _add(self) -> None:
        looking = await self._owner_or_nobody()
        rows, cursor = await self._read(looking, self._chosen(), self._cursor)
        self.rows = [*self.rows, *rows]
        self._note_rest(cursor)
        self.said = self._count()
        if not self.more:  # the button that had the focus is gone
            self.focus = f"{self._end}:{self.answers}"

    async def _owner_or_nobody(self) -> Viewer:
        """Return who is looking, unless what is listed belongs to another session: lists must never mix."""
        looking = await self._looking()
        if self._owner and self._owner != str(looking.session_id):
            raise SessionEnded
        return looking

    def _note_rest(self, cursor: str | None) -> None:
        full = self._shown() >= _MOST_ROWS
        self._cursor = cursor or ""
        self.more = bool(cursor) and not full
        self.go_on = self._chosen().address(self._cursor) if cursor and full else ""

    def _shown(self) -> int:
        return len(self.rows)

    def _count(self) -> str:
        one, many = self._one_and_many
        number = self._shown()
        return f"Showing one {one}." if number == 1 else f"Showing {number} {many}."

    def _begin(self) -> None:
        self.pending, self.problem, self.focus, self.said = True, "", "", ""

    async def _attempt_load(self, loading: Awaitable[None]) -> None:
        await super()._attempt_load(loading)
        self.pending = False
        if not self.leave:
            self.answers += 1

    def _load_failed(self, error: DomainError) -> None:
        super()._load_failed(error)
        self.problem = error.detail if self.loaded else ""
