"""View models of the overview."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from autograph_web.admin.statistics.figures import Day, Now
from autograph_web.infra.wording import counted


class Plot(StrEnum):
    """The plots; the value is the field of `Point` that is drawn."""

    SIGN_INS = "sign_ins"
    FAILURES = "failures"
    REGISTRATIONS = "registrations"
    ADOPTION = "adoption"


@dataclass
class Tile:
    """One current number."""

    key: str
    label: str
    value: str
    note: str


@dataclass
class Point:
    """The numbers of one day in UTC; `short` is its label on an axis and `name` its full name."""

    day: str
    short: str
    name: str
    sign_ins: int
    failures: int
    registrations: int
    adoption: float
    accounts: int
    with_mfa: int


def tiles_of(now: Now) -> list[Tile]:
    """Return the current numbers."""
    return [
        Tile("accounts", "Accounts", f"{now.accounts:,}", ""),
        Tile("active", "Active (last 7 days)", f"{now.active:,}", ""),
        Tile("adoption", "Two-step verification", f"{now.adoption:g}%", counted(now.with_mfa, "account")),
        Tile("locked", "Locked accounts", f"{now.locked:,}", ""),
        Tile("sessions", "Active sessions", f"{now.open_sessions:,}", ""),
        Tile("waiting", "Emails queued", f"{now.letters_waiting:,}", ""),
        Tile("failed", "Emails failed", f"{now.letters_failed:,}", ""),
    ]


def points_of(days: Sequence[Day]) -> list[Point]:
    """Return the view models of the days."""
    return [_point(day) for day in days]


def summary_of(plot: Plot, days: Sequence[Day]) -> str:
    """Return a sentence that summarizes a plot."""
    if plot is Plot.ADOPTION:
        return _adoption(days[0], days[-1])
    numbers = {day: _number(plot, day) for day in days}
    total, most = sum(numbers.values()), max(days, key=lambda day: numbers[day])
    if not total:
        return f"None in {_so_many_days(days)}."
    return f"{total:,} in {_so_many_days(days)}. Peak: {numbers[most]:,} on {_name(most)}."


def _adoption(first: Day, last: Day) -> str:
    if last.adoption == first.adoption:
        return f"Now {last.adoption:g}%, the same as on {_name(first)}."
    way = "up" if last.adoption > first.adoption else "down"
    return f"Now {last.adoption:g}%, {way} from {first.adoption:g}% on {_name(first)}."


def _point(day: Day) -> Point:
    return Point(
        day=day.day.isoformat(),
        short=f"{day.day:%b} {day.day.day}",
        name=_name(day),
        sign_ins=day.sign_ins,
        failures=day.failures,
        registrations=day.registrations,
        adoption=day.adoption,
        accounts=day.accounts,
        with_mfa=day.with_mfa,
    )


def _number(plot: Plot, day: Day) -> int:
    return int(getattr(day, plot.value))


def _name(day: Day) -> str:
    return f"{day.day:%B} {day.day.day}"


def _so_many_days(days: Sequence[Day]) -> str:
    return counted(len(days), "day")
