"""Where letters wait: written in the unit of work of what they tell, so neither exists without the other."""

import asyncio
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.core.clock import Clock
from autograph_web.core.database import Database, after_commit
from autograph_web.core.entropy import Entropy, random_token
from autograph_web.core.mail_addresses import sender_address
from autograph_web.core.sealing import Sealer
from autograph_web.mail import store
from autograph_web.mail.letter import Letter

_LETTER = TypeAdapter(Letter)
_SENT_KEPT, _FAILED_KEPT = timedelta(days=7), timedelta(days=30)


class Outbox:
    """Takes letters; a courier of this or any other process carries them off after the commit."""

    def __init__(
        self, database: Database, sealer: Sealer, clock: Clock, entropy: Entropy, sender: str
    ) -> None:
        self._database, self._sealer, self._clock, self._entropy = database, sealer, clock, entropy
        self._domain = sender_address(sender).domain
        self.posted = asyncio.Event()

    async def post(self, connection: AsyncConnection, letter: Letter) -> None:
        """Add `letter` to the unit of work of `connection`; it leaves when that has committed."""
        now = self._clock.now()
        message_id = f"<{random_token(self._entropy, 16)}@{self._domain}>"
        row = {
            "message_id": message_id,
            # Sealed, because letters carry the links that open accounts.
            "sealed_letter": self._sealer.seal(_LETTER.dump_json(letter), _owner(message_id)),
            "created_at": now,
            "due_at": now,
            "attempts": 0,
        }
        await store.add(connection, row)
        after_commit(connection, self.posted.set)

    def open(self, row: Row[Any]) -> Letter:
        """Return what the letter of a row says.

        Raises:
            SealBroken: Its key is gone, or it was altered.
        """
        return _LETTER.validate_json(self._sealer.open(row.sealed_letter or "", _owner(row.message_id)))

    async def forget_old(self) -> int:
        """Delete what was sent or given up long enough ago; return how many letters.

        Raises:
            Unavailable: The database is away.
        """
        now = self._clock.now()
        async with self._database.unit() as connection:
            return await store.forget(connection, now - _SENT_KEPT, now - _FAILED_KEPT)


def _owner(message_id: str) -> str:
    return f"outbox\n{message_id}"
