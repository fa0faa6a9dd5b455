"""The findings of a server check, and their textual form."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """Severity of a finding; only `FAILED` prevents the server from working."""

    GOOD = "✓"
    DOUBTFUL = "!"
    FAILED = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: the part that was checked, its state, and the remedy if it is not good."""

    about: str
    mark: Mark
    text: str
    advice: str = ""

    def __str__(self) -> str:
        """Return the finding as one line of text."""
        line = f"{self.mark} {self.about}: {self.text}"
        return f"{line} → {self.advice}" if self.advice else line


def good(about: str, text: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(about, Mark.GOOD, text)


def doubtful(about: str, text: str, advice: str) -> Finding:
    """Return a finding about something that works but should be changed."""
    return Finding(about, Mark.DOUBTFUL, text, advice)


def failed(about: str, text: str, advice: str) -> Finding:
    """Return a finding about something that does not work."""
    return Finding(about, Mark.FAILED, text, advice)
