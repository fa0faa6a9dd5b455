"""The mailbox of tests: the real outbox and the real courier, everything but the delivery itself."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import create_async_engine

from autograph_web.container import Services
from autograph_web.mail.message import NOBODY, MailMessage
from autograph_web.mail.store import OUTBOX
from autograph_web.mail.transport import Envelope


class Mailbox:
    """Holds every email whose unit of work has committed, whether or not the courier has picked it up yet."""

    def __init__(self) -> None:
        self._outboxes: dict[str, Callable[[Row[Any]], MailMessage]] = {}
        self._carried: dict[str, MailMessage] = {}
        self._read: set[str] = set()

    async def carry(self, parcel: Envelope) -> None:
        self._carried[parcel.message_id] = parcel.letter

    def watch(self, services: Services) -> None:
        """Watch the outbox of `services` from now on."""
        self._outboxes[services.settings.sqlalchemy_url] = services.outbox.open

    @property
    def letters(self) -> list[MailMessage]:
        """Every email posted since the mailbox was last emptied, oldest first."""
        return [letter for name, letter in self._all().items() if name not in self._read]

    def empty(self) -> None:
        """Discard the emails received so far."""
        self._read |= set(self._all())

    def link_to(self, email: str) -> str:
        """Return the link in the newest email to `email`."""
        newest = [letter for letter in self.letters if letter.to == email][-1]
        assert newest.action is not None, f"the letter {newest.subject!r} asks for nothing"
        return newest.action.url

    def _all(self) -> dict[str, MailMessage]:
        found: dict[str, MailMessage] = {}
        for url, opened in self._outboxes.items():
            for row in _rows(url):
                # Looked up after the row was read: an email whose content is no longer in the row has been
                # delivered.
                letter = opened(row) if row.sealed_letter else self._carried.get(row.message_id)
                if letter and letter.to != NOBODY:  # a decoy
                    found[row.message_id] = letter
        return found


def _rows(url: str) -> list[Row[Any]]:
    # In a thread with its own event loop, so that a test can call this without awaiting.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _read(url)).result()


async def _read(url: str) -> list[Row[Any]]:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return list(await connection.execute(select(OUTBOX).order_by(OUTBOX.c.id)))
    finally:
        await engine.dispose()


@pytest.fixture
def mailbox() -> Mailbox:
    """The mail of the services under test."""
    return Mailbox()
