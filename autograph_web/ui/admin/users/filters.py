"""What an administrator chooses on the page of users: as it stands in the address, and what it means."""

from dataclasses import dataclass
from typing import ClassVar

from autograph_web.admin.person import Role, Status, Wanted
from autograph_web.ui.query_filters import ANY_TEXT, Options, QueryFilters
from autograph_web.ui.routes import ADMIN_USERS, Route

ROLES: Options = (("", "Every role"), (Role.ADMIN.value, "Administrators"), (Role.USER.value, "Users"))
STATUSES: Options = (
    ("", "Active and locked"),
    (Status.ACTIVE.value, "Active"),
    (Status.LOCKED.value, "Locked"),
)
TWO_STEP: Options = (("", "On and off"), ("on", "On"), ("off", "Off"))
"""What each choice may be, with the words for it."""


@dataclass(frozen=True, slots=True)
class Filters(QueryFilters):
    """The choices of the page of users."""

    ROUTE: ClassVar[Route] = ADMIN_USERS
    OPTIONS: ClassVar[dict[str, Options]] = {
        "part": ANY_TEXT,
        "role": ROLES,
        "status": STATUSES,
        "mfa": TWO_STEP,
    }
    CURSOR: ClassVar[str] = "after"

    # Not `email`: that is whoever looks.
    part: str = ""
    role: str = ""
    status: str = ""
    mfa: str = ""

    def criteria(self) -> Wanted:
        """Return what is asked of the service."""
        return Wanted(
            fragment=self.part,
            role=Role(self.role) if self.role else None,
            status=Status(self.status) if self.status else None,
            mfa=self.mfa == "on" if self.mfa else None,
        )
