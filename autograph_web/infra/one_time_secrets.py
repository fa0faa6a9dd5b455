"""Secrets on their way to one person's screen: encrypted, fetched once, gone in two minutes.

A page's state is kept in Redis for an hour and sent again whenever the tab reconnects. A new key or a set of
recovery codes must not lie there, so the state only carries the token and the page fetches the rest itself.
"""

from uuid import UUID

from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.randomness import Randomness
from autograph_web.infra.redis.client import RedisClient
from autograph_web.infra.redis.one_time_store import OneTimeStore

_LIFE_S = 120

OneTimeSecret = dict[str, str | list[str]]


class OneTimeSecrets:
    """Keeps secrets for a person and hands each over once."""

    def __init__(self, redis: RedisClient, encryptor: Encryptor, randomness: Randomness) -> None:
        self._kept = OneTimeStore[OneTimeSecret](
            redis, randomness, OneTimeSecret, prefix="note", ttl=_LIFE_S, encryptor=encryptor
        )

    async def put(self, user_id: UUID, secret: OneTimeSecret) -> str:
        """Keep `secret` for its owner and return the token that fetches it once.

        Raises:
            Unavailable: Redis is away.
        """
        return await self._kept.put(secret, user_id.hex)

    async def pop(self, user_id: UUID, token: str) -> OneTimeSecret:
        """Return the secret behind `token`, the first time its owner asks.

        Raises:
            TicketExpired: It is unknown, fetched already, too old, or somebody else's.
            Unavailable: Redis is away.
        """
        return await self._kept.pop(token, user_id.hex)
