"""Numbers and moments in words, for messages, emails and the command line."""

from datetime import datetime


def counted(number: int, name: str) -> str:
    """Return a number of things in words: "1 API key", "2 API keys", "1,204 accounts"."""
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def moment_in_words(moment: datetime) -> str:
    """Return a moment to the minute, as in emails: "March 1, 2026, 12:00 UTC"."""
    return f"{moment:%B} {moment.day}, {moment:%Y, %H:%M} UTC"
