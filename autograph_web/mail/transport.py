"""The seam between the outbox and the world: who takes a letter away, and how that may go wrong."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from autograph_web.mail.message import MailMessage


@dataclass(frozen=True, slots=True)
class Envelope:
    """A letter with what must stay the same however often it is tried: its Message-ID and its date."""

    letter: MailMessage
    message_id: str
    written_at: datetime


class PermanentFailure(Exception):
    """A letter that will never be taken; `reason` names an SMTP code or a class of error, never content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TransientFailure(Exception):
    """A letter that was not taken this time; `reason` as for `PermanentFailure`.

    `this_letter` says that the next one may well be taken: the server spoke of this one alone. `advice` is
    what an operator can do, if that is known.
    """

    def __init__(self, reason: str, *, this_letter: bool = False, advice: str = "") -> None:
        super().__init__(reason)
        self.reason, self.this_letter, self.advice = reason, this_letter, advice


class MailTransport(Protocol):
    """Takes letters away, one at a time; may be cancelled at any moment."""

    async def carry(self, parcel: Envelope) -> None:
        """Take `parcel` away.

        Raises:
            TransientFailure: It may work later.
            PermanentFailure: It never will.
        """
        ...
