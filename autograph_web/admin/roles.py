"""What somebody may do, and whether: the words alone, for whoever needs no more."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody may do."""

    USER = "user"
    ADMIN = "admin"


class Status(StrEnum):
    """Whether somebody may sign in."""

    ACTIVE = "active"
    LOCKED = "locked"
