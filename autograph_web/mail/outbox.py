"""Where letters wait: written in the unit of work of what they tell, so neither exists without the other."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.infra.clock import Clock
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.db.database import Database, after_commit
from autograph_web.infra.db.retry import retried
from autograph_web.infra.mail_addresses import sender_address
from autograph_web.infra.randomness import Randomness, random_token
from autograph_web.mail import store
from autograph_web.mail.message import NOBODY, MailMessage

_LETTER = TypeAdapter(MailMessage)
_SENT_KEPT, _FAILED_KEPT = timedelta(days=7), timedelta(days=30)
_LATE = timedelta(minutes=5)
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """One letter that is not out, as an operator sees it: `due_at` is None once it was given up."""

    id: int
    created_at: datetime
    attempts: int
    due_at: datetime | None
    failed_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the outbox stands: `late` means that a letter waits for longer than a healthy server takes."""

    waiting: int
    failed: int
    oldest_seconds: float
    late: bool


class Outbox:
    """Takes letters; a courier of this or any other process carries them off after the commit."""

    def __init__(
        self, database: Database, encryptor: Encryptor, clock: Clock, randomness: Randomness, sender: str
    ) -> None:
        self._database, self._encryptor, self._clock, self._randomness = (
            database,
            encryptor,
            clock,
            randomness,
        )
        self._domain = sender_address(sender).domain
        self.posted = asyncio.Event()

    async def post(self, connection: AsyncConnection, letter: MailMessage, *, decoy: bool = False) -> None:
        """Add `letter` to the unit of work of `connection`; it leaves when that has committed.

        A decoy costs the same and never leaves: nobody learns from the time taken whether there was a letter.
        It is to nobody, and couriers take it, open and render it like any other.
        """
        now = self._clock.now()
        message_id = f"<{random_token(self._randomness, 16)}@{self._domain}>"
        letter = replace(letter, to=NOBODY) if decoy else letter
        # Sealed, because letters carry the links that open accounts.
        sealed = self._encryptor.encrypt(_LETTER.dump_json(letter), _owner(message_id))
        row = {
            "message_id": message_id,
            "sealed_letter": sealed,
            "created_at": now,
            "due_at": now,
            "sent_at": None,
            "attempts": 0,
        }
        await store.add(connection, row)
        after_commit(connection, self.posted.set)

    def open(self, row: Row[Any]) -> MailMessage:
        """Return what the letter of a row says.

        Raises:
            DecryptionError: Its key is gone, or it was altered.
        """
        return _LETTER.validate_json(self._encryptor.decrypt(row.sealed_letter or "", _owner(row.message_id)))

    async def waiting(self, limit: int) -> tuple[int, list[Waiting]]:
        """Return how many letters are not out, and the oldest of them, without a word of what they say.

        Raises:
            Unavailable: The database is away.
        """
        async with self._database.read() as connection:
            oldest = [_waiting(row) for row in await store.waiting(connection, limit)]
            return await store.count_waiting(connection), oldest

    async def standing(self) -> Standing:
        """Return how many letters are not out, and for how long the oldest has waited.

        Raises:
            Unavailable: The database is away.
        """
        async with self._database.read() as connection:
            row = await store.standing(connection)
        waited = self._clock.now() - row.oldest if row.oldest else timedelta()
        return Standing(row.waiting, row.failed, max(0.0, waited.total_seconds()), waited > _LATE)

    @retried
    async def retry(self) -> int:
        """Let every letter that waits or was given up be tried at once; return how many.

        Raises:
            Unavailable: The database is away.
        """
        async with self._database.unit() as connection:
            after_commit(connection, self.posted.set)
            return await store.make_due(connection, self._clock.now())

    async def reseal(self) -> int:
        """Seal what is kept anew with the newest key; return how many letters were.

        A letter whose key is gone stays as it is: nothing can be done for it, and it is seen to have failed.

        Raises:
            Unavailable: The database is away; what was done stays done.
        """
        changed, last = 0, 0
        while True:
            async with self._database.unit() as connection:
                rows = await store.sealed_after(connection, last, _BATCH)
                for row in rows:
                    changed += await self._reseal(connection, row)
            if not rows:
                return changed
            last = rows[-1].id

    @retried
    async def purge_expired(self) -> int:
        """Delete what was sent or given up long enough ago; return how many letters.

        Raises:
            Unavailable: The database is away.
        """
        now = self._clock.now()
        async with self._database.unit() as connection:
            return await store.forget(connection, now - _SENT_KEPT, now - _FAILED_KEPT)

    async def _reseal(self, connection: AsyncConnection, row: Row[Any]) -> bool:
        try:
            sealed = self._encryptor.reencrypt(row.sealed_letter, _owner(row.message_id))
        except DecryptionError:
            return False
        return sealed is not None and await store.reseal(connection, row.id, row.sealed_letter, sealed)


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(row.id, row.created_at, row.attempts, row.due_at, row.failed_at, row.last_error or "")


def _owner(message_id: str) -> str:
    return f"outbox\n{message_id}"
