"""The only place that reads the time."""

from datetime import UTC, datetime
from time import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests hand in one they can turn."""

    def now(self) -> datetime:
        """Return the current moment as an aware UTC datetime."""
        ...

    def seconds(self) -> float:
        """Return the current moment as seconds since the Unix epoch."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the current moment as an aware UTC datetime."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Return the current moment as seconds since the Unix epoch."""
        return time()
