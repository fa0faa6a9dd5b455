"""Secrets on their way to one person's screen: sealed, fetched once, gone in two minutes.

A page's state is kept in Redis for an hour and sent again whenever the tab reconnects. A new key or a set of
recovery codes must not lie there, so the state only carries the ticket and the page fetches the rest itself.
"""

import json
from uuid import UUID

from autograph_web.infra.crypto.encryption import SealBroken, Sealer
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.errors import TicketExpired, Unavailable
from autograph_web.infra.randomness import Entropy, random_token
from autograph_web.infra.redis.client import RedisClient, RedisDown

_LIFE_S = 120

Note = dict[str, str | list[str]]


class Notes:
    """Leaves notes for a person and hands each over once."""

    def __init__(self, redis: RedisClient, sealer: Sealer, entropy: Entropy) -> None:
        self._redis, self._sealer, self._entropy = redis, sealer, entropy

    async def leave(self, user_id: UUID, note: Note) -> str:
        """Keep `note` for its owner and return the ticket that fetches it once.

        Raises:
            Unavailable: Redis is away.
        """
        ticket = random_token(self._entropy)
        sealed = self._sealer.seal(json.dumps(note).encode(), _owner(user_id))
        try:
            await self._redis.put(_key(ticket), sealed, _LIFE_S)
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        return ticket

    async def take(self, user_id: UUID, ticket: str) -> Note:
        """Return the note behind `ticket`, the first time its owner asks.

        Raises:
            TicketExpired: It is unknown, fetched already, too old, or somebody else's.
            Unavailable: Redis is away.
        """
        try:
            sealed = await self._redis.take(_key(ticket), anyway=True)
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        if sealed is None:
            raise TicketExpired
        try:
            return json.loads(self._sealer.open(sealed.decode("ascii"), _owner(user_id)))
        except SealBroken:
            raise TicketExpired from None


def _key(ticket: str) -> str:
    return f"note:{token_hash(ticket)}"


def _owner(user_id: UUID) -> str:
    return f"note\n{user_id.hex}"
