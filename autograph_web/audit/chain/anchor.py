"""The newest link known to this host, stored outside the database: reveals a truncation of the chain."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from autograph_web.infra.randomness import SystemRandomness


@dataclass(frozen=True, slots=True)
class Anchor:
    """The digest of the link at a position; its text form is `position:digest`."""

    position: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.digest.hex()}"

    @classmethod
    def of(cls, spelled: str) -> Self:
        """Parse a head in the form `position:digest`.

        Raises:
            ValueError: It does not have this form.
        """
        position, _, digest = spelled.strip().partition(":")
        head = cls(int(position), bytes.fromhex(digest))
        if head.position < 1 or len(head.digest) != 32:  # SHA-256
            raise ValueError("a head is a position, a colon and 64 hexadecimal digits")
        return head


class AnchorFile:
    """A file in the data folder that holds one head; written to a temporary file and renamed into place."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "audit-head"

    def read(self) -> Anchor | None:
        """Return the stored head, or None if there is none.

        Raises:
            ValueError: The file is damaged.
            OSError: It cannot be read.
        """
        try:
            spelled = self.path.read_text("ascii")
        except FileNotFoundError:
            return None
        return Anchor.of(spelled)

    def write(self, head: Anchor) -> None:
        """Store `head`.

        Raises:
            OSError: It cannot be written.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_name(f".audit-head.{SystemRandomness().bytes(8).hex()}")
        try:
            draft.write_text(f"{head}\n", "ascii")
            draft.replace(self.path)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
