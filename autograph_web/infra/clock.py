"""The only place that reads the time."""

from datetime import UTC, datetime
from time import time
from typing import Protocol


class Clock(Protocol):
    """A source of the current time; tests inject one that they control."""

    def now(self) -> datetime:
        """Return the current time as an aware UTC datetime."""
        ...

    def seconds(self) -> float:
        """Return the current time as seconds since the Unix epoch."""
        ...


class SystemClock:
    """The clock of the operating system."""

    def now(self) -> datetime:
        """Return the current time as an aware UTC datetime."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Return the current time as seconds since the Unix epoch."""
        return time()
