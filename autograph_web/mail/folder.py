"""Letters as .eml files in the data folder: what a server without SMTP does with them."""

from pathlib import Path

import anyio

from autograph_web.mail.carrier import NotNow, Parcel
from autograph_web.mail.rendering import as_message


class FolderCarrier:
    """Keeps letters where the owner of the data folder alone can read them."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    async def carry(self, parcel: Parcel) -> None:
        """Write `parcel` as an RFC 5322 message, in the place of the same one written before.

        Raises:
            NotNow: The folder cannot be written.
        """
        name = f"{parcel.written_at:%Y%m%dT%H%M%S}-{parcel.message_id.strip('<>').partition('@')[0]}.eml"
        content = as_message(parcel, self._sender).as_bytes()
        try:
            await anyio.to_thread.run_sync(self._write, name, content)
        except OSError as error:
            raise NotNow(error.__class__.__name__) from error

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._folder / f"{name}.part"
        part.touch(mode=0o600)
        part.write_bytes(content)
        part.replace(self._folder / name)
