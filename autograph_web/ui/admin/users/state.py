"""The state of the page of users."""

from typing import Any, ClassVar

import reflex as rx

from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui.admin.rows import UserRow, user_row
from autograph_web.ui.admin.users.filters import Filters
from autograph_web.ui.listing import PAGE_SIZE, Listing
from autograph_web.ui.query_filters import QueryFilters
from autograph_web.ui.routes import ADMIN_USERS, Route


class UsersState(Listing, rx.State):
    """The state of the page of users; accounts by address."""

    _route: ClassVar[Route] = ADMIN_USERS
    _filter_type: ClassVar[type[QueryFilters]] = Filters
    _end_id: ClassVar[str] = "users-end"
    _noun: ClassVar[tuple[str, str]] = ("account", "accounts")

    part: str = ""
    role: str = ""
    status: str = ""
    mfa: str = ""
    rows: rx.Field[list[UserRow]] = rx.field(default_factory=list)

    async def _read_page(
        self, principal: SessionPrincipal, filters: QueryFilters, cursor: str
    ) -> tuple[list[Any], str | None]:
        criteria = Filters.of(filters.selected).criteria()
        people, next_cursor = await services().user_directory.page(criteria, cursor, PAGE_SIZE)
        return [user_row(person) for person in people], next_cursor
