"""A clock that tests turn by hand."""

from datetime import UTC, datetime

import pytest


class FakeClock:
    """Stands still until it is turned.

    It starts at the machine's own time, because Redis counts the lives of its keys by that.
    """

    def __init__(self) -> None:
        self._seconds = float(int(datetime.now(UTC).timestamp()))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._seconds, UTC)

    def seconds(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        # To the microsecond, as it is read: the sum must not fall short of a time that is waited for.
        self._seconds = round(self._seconds + seconds, 6)


@pytest.fixture
def clock() -> FakeClock:
    """The clock of the services under test."""
    return FakeClock()
