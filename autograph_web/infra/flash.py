"""What a page says once after a redirect: kept in Redis for a minute, read once."""

import dataclasses
from dataclasses import dataclass

from autograph_web.infra.errors import TicketExpired, Unavailable
from autograph_web.infra.randomness import Randomness
from autograph_web.infra.redis.client import RedisClient
from autograph_web.infra.redis.one_time_store import OneTimeStore

LIFE_S = 60
"""How long the next page may take to come."""


@dataclass(frozen=True, slots=True)
class Flash:
    """A code to explain, the field at fault, and what was typed (never a password)."""

    code: str
    field: str | None = None
    retry_after: int | None = None
    reasons: tuple[str, ...] = ()
    values: dict[str, str] = dataclasses.field(default_factory=dict[str, str])


class FlashStore:
    """Keeps flashes; without Redis a page merely says nothing."""

    def __init__(self, redis: RedisClient, randomness: Randomness) -> None:
        self._kept = OneTimeStore(redis, randomness, Flash, prefix="flash", ttl=LIFE_S, token_bytes=18)

    async def put(self, flash: Flash) -> str | None:
        """Keep `flash` and return the value of the cookie that fetches it, or None without Redis."""
        try:
            return await self._kept.put(flash)
        except Unavailable:
            return None

    async def pop(self, token: str | None) -> Flash | None:
        """Return the flash behind a cookie value, the first time; None when there is none."""
        if not token:
            return None
        try:
            return await self._kept.pop(token, anyway=False)
        except (TicketExpired, Unavailable):
            return None
