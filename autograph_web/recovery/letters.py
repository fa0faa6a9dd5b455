"""What is written to somebody who has lost the way in."""

from datetime import datetime

from autograph_web.core.context import RequestContext
from autograph_web.mail.letter import Action, Letter, circumstances


def reset_letter(email: str, url: str, seconds: int, context: RequestContext, now: datetime) -> Letter:
    """Return the letter with the link for a new password, good for `seconds`."""
    return Letter(
        to=email,
        subject="Choose a new password",
        paragraphs=(
            "Somebody asked for a new password for your AutoGraph v3 account. Was it you? Follow this link.",
            f"It works once, and for {_in_words(seconds)}.",
        ),
        action=Action("Choose a new password", url),
        facts=circumstances(context, now),
        closing=("If it wasn't you, do nothing: your password stays as it is.",),
        thread="password reset",
    )


def changed_letter(email: str, url: str, context: RequestContext, now: datetime) -> Letter:
    """Return the letter that tells of a new password; `url` is where to ask for another link."""
    told = (
        "Your AutoGraph v3 account has a new password, chosen with a link we sent to this address.",
        "Every sign-in has ended, and every API key. Two-step verification is as it was.",
    )
    return Letter(
        to=email,
        subject="Your password was changed",
        paragraphs=(
            *told,
            "If that wasn't you, make your mailbox safe first, then ask for another link here.",
        ),
        action=Action("This wasn't me", url),
        facts=circumstances(context, now),
    )


def _in_words(seconds: int) -> str:
    for size, name in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{seconds} seconds"
