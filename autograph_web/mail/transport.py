"""The interface between the outbox and mail transports, and the ways in which delivery can fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from autograph_web.mail.message import MailMessage


@dataclass(frozen=True, slots=True)
class Envelope:
    """An email with the values that stay the same across delivery attempts: Message-ID and date."""

    letter: MailMessage
    message_id: str
    written_at: datetime


class PermanentFailure(Exception):
    """Delivery can never succeed; `reason` is an SMTP code or an error class, never content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TransientFailure(Exception):
    """Delivery failed this time; `reason` as for `PermanentFailure`.

    `this_letter` means that the server rejected only this email, so that the next one may be accepted.
    `advice` is what an operator can do, if known.
    """

    def __init__(self, reason: str, *, this_letter: bool = False, advice: str = "") -> None:
        super().__init__(reason)
        self.reason, self.this_letter, self.advice = reason, this_letter, advice


class MailTransport(Protocol):
    """Delivers emails, one at a time; may be cancelled at any moment."""

    async def carry(self, parcel: Envelope) -> None:
        """Deliver `parcel`.

        Raises:
            TransientFailure: A later attempt may succeed.
            PermanentFailure: No later attempt can succeed.
        """
        ...
