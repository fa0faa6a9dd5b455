"""What a letter says; how it looks is the matter of `rendering`."""

from dataclasses import dataclass
from datetime import datetime

from autograph_web.infra.context import RequestContext
from autograph_web.infra.user_agent import describe_user_agent

NOBODY = "(nobody)"
"""Whom a decoy is to: no address, so that no courier of any version sends it."""


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing a letter asks for: a button in HTML, the bare address in text."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One letter to one person: paragraphs, perhaps an action, facts as a small table, closing paragraphs.

    Letters to one address with the same `thread` belong together: a newer one takes the place of an older.
    """

    to: str
    subject: str
    paragraphs: tuple[str, ...]
    action: Action | None = None
    facts: tuple[tuple[str, str], ...] = ()
    closing: tuple[str, ...] = ()
    thread: str = ""


def circumstances(context: RequestContext, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return when, where from and with what something was done, as the facts of a letter.

    The program only by a name we know: a stranger may cause a letter, and must not get to write in it.
    """
    return (
        ("When", f"{now:%Y-%m-%d %H:%M} UTC"),
        ("IP address", context.ip),
        ("Device", describe_user_agent(context.user_agent)),
    )
