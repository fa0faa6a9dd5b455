"""Whether this process can serve: each part it depends on, what is wrong with it, and since when."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from autograph_web.core.database import Database
from autograph_web.core.errors import Unavailable
from autograph_web.core.redis import RedisClient, RedisDown
from autograph_web.mail.outbox import Outbox

_PATIENCE_S = 2.0  # less than a probe waits


@dataclass(frozen=True, slots=True)
class Check:
    """How one part stands; `details` are for operators, the name and `well` for anybody."""

    name: str
    well: bool
    details: dict[str, Any] = field(default_factory=dict[str, Any])


class Health:
    """Asks every part at once; `newest` is the migration this version of the product needs."""

    def __init__(self, database: Database, redis: RedisClient, outbox: Outbox, newest: str) -> None:
        self._database, self._redis, self._outbox, self._newest = database, redis, outbox, newest

    async def look(self) -> list[Check]:
        """Return how the parts stand that this process cannot serve without.

        The schema is only looked at in a database that answers.
        """
        database, redis = await asyncio.gather(
            _asked("database", self._database.ping), _asked("redis", self._redis.ping)
        )
        return [database, redis, await self.schema()] if database.well else [database, redis]

    async def schema(self) -> Check:
        """Tell whether the database lacks a migration; a newer one than ours does no harm."""
        try:
            found = await asyncio.wait_for(self._database.revision(), _PATIENCE_S)
        except (Unavailable, TimeoutError) as error:
            return Check("schema", well=False, details={"error": _reason(error), "needed": self._newest})
        well = found is not None and found.isdigit() and int(found) >= int(self._newest)
        return Check("schema", well, {"found": found, "needed": self._newest})

    async def mail(self) -> Check:
        """Tell whether letters leave in time; nothing else waits for them."""
        try:
            standing = await asyncio.wait_for(self._outbox.standing(), _PATIENCE_S)
        except (Unavailable, TimeoutError) as error:
            return Check("mail", well=True, details={"error": _reason(error)})
        details = {
            "waiting": standing.waiting,
            "failed": standing.failed,
            "oldest_seconds": round(standing.oldest_seconds, 1),
        }
        return Check("mail", not standing.late, details)


async def _asked(name: str, ask: Callable[[], Awaitable[None]]) -> Check:
    began = perf_counter()
    try:
        await asyncio.wait_for(ask(), _PATIENCE_S)
    except (Unavailable, RedisDown, TimeoutError) as error:
        return Check(name, well=False, details={"error": _reason(error)})
    return Check(name, well=True, details={"milliseconds": round((perf_counter() - began) * 1000, 2)})


def _reason(error: BaseException) -> str:
    # The kind alone: the words of a driver's error may have an address or a name in them.
    return type(error.__cause__ or error).__name__
