"""The content of an email; `rendering` determines its appearance."""

from dataclasses import dataclass
from datetime import datetime

from autograph_web.infra.context import RequestContext
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.infra.wording import moment_in_words

NOBODY = "(nobody)"
"""The recipient of a decoy: not a valid address, so that no courier of any version sends it."""


@dataclass(frozen=True, slots=True)
class Action:
    """The single call to action of an email: a button in HTML, the plain URL in text."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One email to one recipient: paragraphs, an optional action, a table of facts, closing paragraphs.

    Emails to one address with the same `thread` belong together: a newer one supersedes the older ones.
    """

    to: str
    subject: str
    paragraphs: tuple[str, ...]
    action: Action | None = None
    facts: tuple[tuple[str, str], ...] = ()
    closing: tuple[str, ...] = ()
    thread: str = ""


def circumstances(context: RequestContext, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return the time, the IP address and the device of an action, as the facts of an email.

    The device is described only by names from our own list: an unauthenticated client may trigger an email
    and must not be able to insert text into it.
    """
    return (
        ("Time", moment_in_words(now)),
        ("IP address", context.ip),
        ("Device", describe_user_agent(context.user_agent)),
    )
