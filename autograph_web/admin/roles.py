"""Roles and states of accounts, without dependencies on other modules."""

from enum import StrEnum


class Role(StrEnum):
    """The role of an account, which determines its permissions."""

    USER = "user"
    ADMIN = "admin"


class Status(StrEnum):
    """The state of an account, which determines whether it may sign in."""

    ACTIVE = "active"
    LOCKED = "locked"
