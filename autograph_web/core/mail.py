"""The seam every letter leaves through."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

import anyio
import structlog

from autograph_web.core.clock import Clock
from autograph_web.core.entropy import Entropy, random_token

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """One plain-text letter to one person."""

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Sends letters; called after the unit of work has committed."""

    async def send(self, letter: Letter) -> None:
        """Send `letter`; a failure is logged and never undoes what the letter is about."""
        ...


class FolderMailer:
    """Keeps letters as .eml files in the data folder: what a server without SMTP does with them."""

    def __init__(self, folder: Path, sender: str, clock: Clock, entropy: Entropy) -> None:
        self._folder, self._sender, self._clock, self._entropy = folder, sender, clock, entropy

    async def send(self, letter: Letter) -> None:
        """Write `letter` as an RFC 5322 message, readable by the owner of the data folder alone."""
        path = self._folder / f"{self._clock.now():%Y%m%dT%H%M%S}-{random_token(self._entropy, 6)}.eml"
        try:
            await anyio.to_thread.run_sync(self._write, path, self._message(letter))
        except (OSError, ValueError) as error:
            _log.error("letter_not_kept", reason=error.__class__.__name__)

    def _message(self, letter: Letter) -> bytes:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, letter.to, letter.subject
        message["Date"] = format_datetime(self._clock.now())
        message.set_content(letter.text)
        return message.as_bytes()

    def _write(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(content)
