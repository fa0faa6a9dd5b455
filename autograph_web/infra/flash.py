"""What a page says once after a redirect: kept in Redis for a minute, read once."""

import dataclasses
import json
from dataclasses import asdict, dataclass

from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.randomness import Entropy, random_token
from autograph_web.infra.redis.client import RedisClient, RedisDown

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


class Flashes:
    """Leaves and takes flashes; without Redis a page merely says nothing."""

    def __init__(self, redis: RedisClient, entropy: Entropy) -> None:
        self._redis, self._entropy = redis, entropy

    async def leave(self, flash: Flash) -> str | None:
        """Keep `flash` and return the value of the cookie that fetches it, or None without Redis."""
        ticket = random_token(self._entropy, 18)
        try:
            await self._redis.put(_key(ticket), json.dumps(asdict(flash)), LIFE_S)
        except RedisDown:
            return None
        return ticket

    async def take(self, ticket: str | None) -> Flash | None:
        """Return the flash behind a cookie value, the first time; None when there is none."""
        if not ticket or len(ticket) > 64:
            return None
        try:
            value = await self._redis.take(_key(ticket))
        except RedisDown:
            return None
        return _decode(value) if value else None


def _key(ticket: str) -> str:
    return f"flash:{token_hash(ticket)}"


def _decode(value: bytes) -> Flash:
    fields = json.loads(value)
    return Flash(
        code=fields["code"],
        field=fields["field"],
        retry_after=fields["retry_after"],
        reasons=tuple(fields["reasons"]),
        values=fields["values"],
    )
