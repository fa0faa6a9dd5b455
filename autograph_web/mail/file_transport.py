"""Stores emails as .eml files in the data folder: the transport used when no SMTP server is configured."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import anyio

from autograph_web.mail.rendering import as_message
from autograph_web.mail.transport import Envelope, PermanentFailure, TransientFailure

_FILE = re.compile(r"([0-9]{8}T[0-9]{6}-[A-Za-z0-9_-]{16,32})\.eml")
_MOST_SHOWN = 200
# The files contain links that grant access to accounts, and nothing else deletes them.
_MOST_KEPT = 1000
_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """One stored email, as parsed from its file."""

    id: str
    sender: str
    to: str
    subject: str
    date: str
    text: str
    html: str


class FileTransport:
    """Stores emails in a folder that only the owner of the data folder can read."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    async def carry(self, parcel: Envelope) -> None:
        """Write `parcel` as an RFC 5322 message, replacing the file of an earlier attempt.

        Raises:
            TransientFailure: The folder cannot be written.
            PermanentFailure: The address or the subject cannot be encoded in a header.
        """
        name = f"{_stamp(parcel.written_at)}-{parcel.message_id.strip('<>').partition('@')[0]}.eml"
        try:
            content = as_message(parcel, self._sender).as_bytes()
        except ValueError as error:
            raise PermanentFailure(error.__class__.__name__) from None
        try:
            await anyio.to_thread.run_sync(self._write, name, content)
            await anyio.to_thread.run_sync(self._forget, _stamp(parcel.written_at - _KEPT_FOR))
        except OSError as error:
            raise TransientFailure(error.__class__.__name__) from error

    async def newest(self) -> list[KeptLetter]:
        """Return the most recently stored emails, newest first."""
        return await anyio.to_thread.run_sync(self._newest)

    async def find(self, letter_id: str) -> KeptLetter | None:
        """Return one email, or None; the id is looked up among the existing files, never used as a path."""
        return await anyio.to_thread.run_sync(self._find, letter_id)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._folder / f"{name}.part"
        part.touch(mode=0o600)
        part.write_bytes(content)
        part.replace(self._folder / name)

    def _forget(self, before: str) -> None:
        """Delete the files written before a time, and the oldest ones above the maximum number kept."""
        ids = sorted(files := self._files())
        for number, letter_id in enumerate(ids, start=1):
            if letter_id < before or number <= len(ids) - _MOST_KEPT:
                files[letter_id].unlink(missing_ok=True)

    def _newest(self) -> list[KeptLetter]:
        # Sorted by modification time, because file names have a resolution of one second.
        files = sorted(self._files().values(), key=lambda file: (file.stat().st_mtime_ns, file.name))
        return [_read(file) for file in reversed(files[-_MOST_SHOWN:])]

    def _find(self, letter_id: str) -> KeptLetter | None:
        file = self._files().get(letter_id)
        return _read(file) if file else None

    def _files(self) -> dict[str, Path]:
        if not self._folder.is_dir():
            return {}
        named = ((_FILE.fullmatch(file.name), file) for file in self._folder.iterdir())
        return {match[1]: file for match, file in named if match and file.is_file() and not file.is_symlink()}


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"


def _read(file: Path) -> KeptLetter:
    message = message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=policy.default)
    return KeptLetter(
        id=file.stem,
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        date=str(message["Date"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    return str(found.get_content()) if found is not None else ""
