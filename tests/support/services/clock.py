"""A clock that tests set by hand."""

from datetime import UTC, datetime

import pytest


class FakeClock:
    """Does not move until it is moved.

    It starts at the machine's own time, because Redis measures the lifetimes of its keys by that.
    """

    def __init__(self) -> None:
        self._seconds = float(int(datetime.now(UTC).timestamp()))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._seconds, UTC)

    def seconds(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        # Rounded to the microsecond, the precision with which it is read: the sum must not fall short of a
        # target time.
        self._seconds = round(self._seconds + seconds, 6)


@pytest.fixture
def clock() -> FakeClock:
    """The clock of the services under test."""
    return FakeClock()
