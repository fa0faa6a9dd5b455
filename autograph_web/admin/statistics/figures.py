"""What is counted."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum


class Span(IntEnum):
    """How many days are looked at, today included."""

    WEEK = 7
    MONTH = 30
    QUARTER = 90


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day in UTC, and how many accounts there were at its end, or are by now.

    `failures` are wrong passwords and wrong codes.
    """

    day: date
    sign_ins: int
    failures: int
    registrations: int
    accounts: int
    with_mfa: int

    @property
    def adoption(self) -> float:
        """How many of a hundred accounts had two-step verification on, to one decimal."""
        return share(self.with_mfa, self.accounts)


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand; `active` accounts signed in, or used a session, within seven days."""

    accounts: int
    active: int
    with_mfa: int
    locked: int
    open_sessions: int
    letters_waiting: int
    letters_failed: int

    @property
    def adoption(self) -> float:
        """As for a day."""
        return share(self.with_mfa, self.accounts)


def share(part: int, whole: int) -> float:
    """Return `part` of `whole` in percent, to one decimal; of nothing it is none."""
    return round(100 * part / whole, 1) if whole else 0.0
