"""One-time messages after a redirect (flash messages): stored in Redis for a minute, read once."""

import dataclasses
from dataclasses import dataclass

from autograph_web.infra.errors import TicketExpired, Unavailable
from autograph_web.infra.randomness import Randomness
from autograph_web.infra.redis.client import RedisClient
from autograph_web.infra.redis.one_time_store import OneTimeStore

LIFE_S = 60
"""Lifetime of a flash message in seconds."""


@dataclass(frozen=True, slots=True)
class Flash:
    """The code to explain, the invalid field, and the values that were entered (never a password)."""

    code: str
    field: str | None = None
    retry_after: int | None = None
    reasons: tuple[str, ...] = ()
    values: dict[str, str] = dataclasses.field(default_factory=dict[str, str])


class FlashStore:
    """Stores flash messages; without Redis the page shows no message."""

    def __init__(self, redis: RedisClient, randomness: Randomness) -> None:
        self._kept = OneTimeStore(redis, randomness, Flash, prefix="flash", ttl=LIFE_S, token_bytes=18)

    async def put(self, flash: Flash) -> str | None:
        """Store `flash` and return its cookie value, or None if Redis is unavailable."""
        try:
            return await self._kept.put(flash)
        except Unavailable:
            return None

    async def pop(self, token: str | None) -> Flash | None:
        """Return and delete the flash message of a cookie value; None if there is none."""
        if not token:
            return None
        try:
            return await self._kept.pop(token, anyway=False)
        except (TicketExpired, Unavailable):
            return None
