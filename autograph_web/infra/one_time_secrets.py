"""One-time display of secrets to a user: encrypted, retrieved once, deleted after two minutes.

The state of a page is stored in Redis for an hour and sent again whenever the tab reconnects. A new key or a
set of recovery codes must not be part of it, so the state has only a token with which the page retrieves
them.
"""

from uuid import UUID

from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.randomness import Randomness
from autograph_web.infra.redis.client import RedisClient
from autograph_web.infra.redis.one_time_store import OneTimeStore

_LIFE_S = 120

OneTimeSecret = dict[str, str | list[str]]


class OneTimeSecrets:
    """Stores secrets for a user and returns each of them once."""

    def __init__(self, redis: RedisClient, encryptor: Encryptor, randomness: Randomness) -> None:
        self._kept = OneTimeStore[OneTimeSecret](
            redis, randomness, OneTimeSecret, prefix="note", ttl=_LIFE_S, encryptor=encryptor
        )

    async def put(self, user_id: UUID, secret: OneTimeSecret) -> str:
        """Store `secret` for its owner and return the token that retrieves it once.

        Raises:
            Unavailable: Redis is unavailable.
        """
        return await self._kept.put(secret, user_id.hex)

    async def pop(self, user_id: UUID, token: str) -> OneTimeSecret:
        """Return and delete the secret of `token`, if it belongs to the user.

        Raises:
            TicketExpired: It is unknown, already retrieved, expired, or belongs to another user.
            Unavailable: Redis is unavailable.
        """
        return await self._kept.pop(token, user_id.hex)
