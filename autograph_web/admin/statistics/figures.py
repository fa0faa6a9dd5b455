"""The figures of the statistics."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum


class Span(IntEnum):
    """The number of days covered, today included."""

    WEEK = 7
    MONTH = 30
    QUARTER = 90


@dataclass(frozen=True, slots=True)
class Day:
    """The figures of one day in UTC, with the number of accounts at its end, or at present for today.

    `failures` counts wrong passwords and wrong codes.
    """

    day: date
    sign_ins: int
    failures: int
    registrations: int
    accounts: int
    with_mfa: int

    @property
    def adoption(self) -> float:
        """The share of accounts with two-step verification, in percent to one decimal."""
        return share(self.with_mfa, self.accounts)


@dataclass(frozen=True, slots=True)
class Now:
    """The current figures; `active` accounts signed in or used a session within seven days."""

    accounts: int
    active: int
    with_mfa: int
    locked: int
    open_sessions: int
    letters_waiting: int
    letters_failed: int

    @property
    def adoption(self) -> float:
        """The share of accounts with two-step verification, in percent to one decimal."""
        return share(self.with_mfa, self.accounts)


def share(part: int, whole: int) -> float:
    """Return `part` of `whole` in percent, to one decimal, or 0 if `whole` is 0."""
    return round(100 * part / whole, 1) if whole else 0.0
