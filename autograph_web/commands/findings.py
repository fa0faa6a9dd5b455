"""What a check of the server found, and how it is told."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How good a finding is; only `FAILED` keeps a server from working."""

    GOOD = "✓"
    DOUBTFUL = "!"
    FAILED = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it stands, and what to do if that is not good."""

    about: str
    mark: Mark
    text: str
    advice: str = ""

    def __str__(self) -> str:
        """Return the line."""
        line = f"{self.mark} {self.about}: {self.text}"
        return f"{line} → {self.advice}" if self.advice else line


def good(about: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(about, Mark.GOOD, text)


def doubtful(about: str, text: str, advice: str) -> Finding:
    """Return what works but should not stay so."""
    return Finding(about, Mark.DOUBTFUL, text, advice)


def failed(about: str, text: str, advice: str) -> Finding:
    """Return what does not work."""
    return Finding(about, Mark.FAILED, text, advice)
