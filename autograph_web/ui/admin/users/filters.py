"""The filters of the page of users: their values in the URL, and the criteria they stand for."""

from dataclasses import dataclass
from typing import ClassVar

from autograph_web.admin.user_summary import Role, Status, UserFilter
from autograph_web.ui.query_filters import ANY_TEXT, Options, QueryFilters
from autograph_web.ui.routes import ADMIN_USERS, Route

ROLES: Options = (("", "All roles"), (Role.ADMIN.value, "Administrators"), (Role.USER.value, "Users"))
STATUSES: Options = (
    ("", "All statuses"),
    (Status.ACTIVE.value, "Active"),
    (Status.LOCKED.value, "Locked"),
)
TWO_STEP: Options = (("", "All"), ("on", "On"), ("off", "Off"))
"""The options of each filter, with their labels."""


@dataclass(frozen=True, slots=True)
class Filters(QueryFilters):
    """The filters of the page of users."""

    ROUTE: ClassVar[Route] = ADMIN_USERS
    OPTIONS: ClassVar[dict[str, Options]] = {
        "part": ANY_TEXT,
        "role": ROLES,
        "status": STATUSES,
        "mfa": TWO_STEP,
    }
    CURSOR: ClassVar[str] = "after"

    # Not `email`: that var is the address of the signed-in administrator.
    part: str = ""
    role: str = ""
    status: str = ""
    mfa: str = ""

    def criteria(self) -> UserFilter:
        """Return the criteria for the service."""
        return UserFilter(
            fragment=self.part,
            role=Role(self.role) if self.role else None,
            status=Status(self.status) if self.status else None,
            mfa=self.mfa == "on" if self.mfa else None,
        )
