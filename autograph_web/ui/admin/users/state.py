"""The state behind the page of users."""

from typing import Any, ClassVar

import reflex as rx

from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui.admin.rows import PersonRow, person_row
from autograph_web.ui.admin.users.filters import Filters
from autograph_web.ui.choices import Choices
from autograph_web.ui.listing import PORTION, Listing
from autograph_web.ui.routes import ADMIN_USERS, Route


class UsersState(Listing, rx.State):
    """What the page of users shows, by address."""

    _here: ClassVar[Route] = ADMIN_USERS
    _choices: ClassVar[type[Choices]] = Filters
    _end: ClassVar[str] = "users-end"
    _one_and_many: ClassVar[tuple[str, str]] = ("account", "accounts")

    part: str = ""
    role: str = ""
    status: str = ""
    mfa: str = ""
    rows: rx.Field[list[PersonRow]] = rx.field(default_factory=list)

    async def _read(self, looking: Viewer, chosen: Choices, place: str) -> tuple[list[Any], str | None]:
        wanted = Filters.of(chosen.chosen).wish()
        people, following = await services().user_directory.page(wanted, place, PORTION)
        return [person_row(person) for person in people], following
