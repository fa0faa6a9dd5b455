"""The base of pages that show a filtered list, one page of rows at a time."""

from collections.abc import AsyncGenerator, Awaitable
from typing import Any, ClassVar, cast

import reflex as rx

from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.errors import InvalidCursor
from autograph_web.infra.errors import DomainError
from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.query_filters import QueryFilters

PAGE_SIZE = 40
"""The number of rows read at once."""
# The rows are kept on the server for each tab, and sent again as a whole when their number grows.
_MAX_ROWS = 400


class Listing(AccountPage, mixin=True):
    """Vars of a page with a list. A subclass adds `rows`, and one var for each filter.

    `_cursor` is where the list continues; clients cannot set it. `_end_id` is the id of the element below the
    list.
    """

    _filter_type: ClassVar[type[QueryFilters]]
    _end_id: ClassVar[str]
    _noun: ClassVar[tuple[str, str]]

    answers: int = 0
    pending: bool = False
    problem: str = ""
    focus: str = ""
    announcement: str = ""
    address: str = ""
    from_the_middle: bool = False
    more: bool = False
    next_url: str = ""
    _cursor: str = ""

    @rx.event
    async def choose(self, name: Any, value: Any) -> AsyncGenerator[None, None]:
        """Apply one filter."""
        if self.pending or not isinstance(name, str):
            return
        self._begin()
        yield
        await self._attempt_load(
            self._show(self._filter_type.of({**self._current_filters().selected, name: value}))
        )

    @rx.event
    async def search(self, form: Any) -> AsyncGenerator[None, None]:
        """Apply all filters of a submitted form."""
        if self.pending or not isinstance(form, dict):
            return
        self._begin()
        yield
        await self._attempt_load(self._show(self._filter_type.of(cast("dict[str, object]", form))))

    @rx.event
    async def load_more(self) -> AsyncGenerator[None, None]:
        """Append the next page of rows."""
        if self.pending or not self._cursor or self._row_count() >= _MAX_ROWS:
            return
        self._begin()
        yield
        await self._attempt_load(self._append())

    async def _read_page(
        self, principal: SessionPrincipal, filters: QueryFilters, cursor: str
    ) -> tuple[list[Any], str | None]:
        """Return one page of matching rows, and the cursor of the next.

        Raises:
            InvalidCursor: `cursor` is not one that was returned before.
        """
        raise NotImplementedError

    def _set_downloads(self, filters: QueryFilters) -> None:
        """Set the URLs of downloads, if the page has any."""

    def _current_filters(self) -> QueryFilters:
        return self._filter_type.of({name: getattr(self, name) for name in self._filter_type.OPTIONS})

    async def _load(self) -> None:
        given: dict[str, object] = dict(self.router.url.query_parameters)
        cursor = given.get(self._filter_type.CURSOR)
        await self._open(self._filter_type.of(given), cursor if isinstance(cursor, str) else "")

    async def _open(self, filters: QueryFilters, cursor: str) -> None:
        principal = await self._authorize_in_scope()
        if self.loaded:  # a reconnect: the list stays as it is
            return
        account = await services().profiles.of(principal.user_id)
        try:
            await self._list(principal, filters, cursor)
        except InvalidCursor:  # the URL may contain anything
            await self._list(principal, filters)
        self._show_account(principal, account)

    async def _show(self, filters: QueryFilters) -> None:
        await self._list(await self._authorize_in_scope(), filters)
        self.address = filters.address()
        self.announcement = self._count_text()

    async def _list(self, principal: SessionPrincipal, filters: QueryFilters, cursor: str = "") -> None:
        rows, next_cursor = await self._read_page(principal, filters, cursor)
        for name in self._filter_type.OPTIONS:
            setattr(self, name, filters.selected.get(name, ""))
        self._set_downloads(filters)
        self.from_the_middle = bool(cursor)
        self.rows = rows
        self._set_cursor(next_cursor)

    async def _append(self) -> None:
        principal = await self._authorize_in_scope()
        rows, cursor = await self._read_page(principal, self._current_filters(), self._cursor)
        self.rows = [*self.rows, *rows]
        self._set_cursor(cursor)
        self.announcement = self._count_text()
        if not self.more:  # the button that had the focus is gone
            self.focus = f"{self._end_id}:{self.answers}"

    async def _authorize_in_scope(self) -> SessionPrincipal:
        """Return the principal, unless the rows belong to another session: lists must never mix."""
        principal = await self._authorize()
        if self._scope and self._scope != str(principal.session_id):
            raise SessionEnded
        return principal

    def _set_cursor(self, cursor: str | None) -> None:
        full = self._row_count() >= _MAX_ROWS
        self._cursor = cursor or ""
        self.more = bool(cursor) and not full
        self.next_url = self._current_filters().address(self._cursor) if cursor and full else ""

    def _row_count(self) -> int:
        return len(self.rows)

    def _count_text(self) -> str:
        one, many = self._noun
        number = self._row_count()
        return f"Showing one {one}." if number == 1 else f"Showing {number} {many}."

    def _begin(self) -> None:
        self.pending, self.problem, self.focus, self.announcement = True, "", "", ""

    async def _attempt_load(self, loading: Awaitable[None]) -> None:
        await super()._attempt_load(loading)
        self.pending = False
        if not self.leave:
            self.answers += 1

    def _load_failed(self, error: DomainError) -> None:
        super()._load_failed(error)
        self.problem = error.detail if self.loaded else ""
