"""The findings of a server check, and their textual form."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """Severity of a finding; only `FAILED` prevents the server from working."""

    GOOD = "✓"
    DOUBTFUL = "!"
    FAILED = "✗"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line: the part that was checked, its state, and the remedy if it is not good."""

    about: str
    mark: CheckStatus
    text: str
    advice: str = ""

    def __str__(self) -> str:
        """Return the finding as one line of text."""
        line = f"{self.mark} {self.about}: {self.text}"
        return f"{line} → {self.advice}" if self.advice else line


def good(about: str, text: str) -> CheckResult:
    """Return a finding without a problem."""
    return CheckResult(about, CheckStatus.GOOD, text)


def doubtful(about: str, text: str, advice: str) -> CheckResult:
    """Return a finding about something that works but should be changed."""
    return CheckResult(about, CheckStatus.DOUBTFUL, text, advice)


def failed(about: str, text: str, advice: str) -> CheckResult:
    """Return a finding about something that does not work."""
    return CheckResult(about, CheckStatus.FAILED, text, advice)
