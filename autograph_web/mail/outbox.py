"""The transactional outbox: an email is stored in the transaction of the change that it reports."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.infra.clock import Clock
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.db.batches import change_in_batches
from autograph_web.infra.db.database import Database, after_commit
from autograph_web.infra.db.retry import retried
from autograph_web.infra.mail_addresses import sender_address
from autograph_web.infra.randomness import Randomness, random_token
from autograph_web.mail import store
from autograph_web.mail.message import NOBODY, MailMessage

_LETTER = TypeAdapter(MailMessage)
_SENT_KEPT, _FAILED_KEPT = timedelta(days=7), timedelta(days=30)
_LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One unsent email, as shown to an operator; `due_at` is None once delivery was given up."""

    id: int
    created_at: datetime
    attempts: int
    due_at: datetime | None
    failed_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """State of the outbox; `late` means an email has waited longer than a healthy server needs."""

    waiting: int
    failed: int
    oldest_seconds: float
    late: bool


class Outbox:
    """Accepts emails; a courier of this or another process delivers them after the commit."""

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
        """Add `letter` to the unit of work of `connection`; it is sent after the commit.

        A decoy has the same cost but is never sent, so that timing does not reveal whether an email was due.
        It is addressed to `NOBODY`; couriers claim, decrypt and render it like any other email.
        """
        now = self._clock.now()
        message_id = f"<{random_token(self._randomness, 16)}@{self._domain}>"
        letter = replace(letter, to=NOBODY) if decoy else letter
        # Encrypted, because emails contain links that grant access to accounts.
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
        """Return the decrypted email of a row.

        Raises:
            DecryptionError: Its key is no longer available, or the ciphertext was altered.
        """
        return _LETTER.validate_json(self._encryptor.decrypt(row.sealed_letter or "", _owner(row.message_id)))

    async def waiting(self, limit: int) -> tuple[int, list[Waiting]]:
        """Return the number of unsent emails, and the oldest of them without their content.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._database.read() as connection:
            oldest = [_waiting(row) for row in await store.waiting(connection, limit)]
            return await store.count_waiting(connection), oldest

    async def standing(self) -> OutboxStatus:
        """Return the number of waiting and failed emails, and the age of the oldest waiting one.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._database.read() as connection:
            row = await store.standing(connection)
        waited = self._clock.now() - row.oldest if row.oldest else timedelta()
        return OutboxStatus(row.waiting, row.failed, max(0.0, waited.total_seconds()), waited > _LATE)

    @retried
    async def retry(self) -> int:
        """Make every waiting or failed email due now; return how many.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._database.unit() as connection:
            after_commit(connection, self.posted.set)
            return await store.make_due(connection, self._clock.now())

    async def reseal(self) -> int:
        """Re-encrypt the stored emails with the newest key; return how many were changed.

        An email whose key is no longer available stays as it is: it cannot be recovered, and its delivery
        fails.

        Raises:
            Unavailable: The database is unavailable; batches already committed remain.
        """
        return await change_in_batches(self._database, store.sealed_after, self._reseal)

    @retried
    async def purge_expired(self) -> int:
        """Delete emails sent more than 7 days or given up more than 30 days ago; return how many.

        Raises:
            Unavailable: The database is unavailable.
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
