"""Whether this process can serve: each part it depends on, what is wrong with it, and since when."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from sqlalchemy.exc import DBAPIError

from autograph_web.accounts.store import try_to_write
from autograph_web.infra.db.database import Database
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.health.failures import trouble_of
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.infra.redis.probe import Failure, what_fails
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
        """Return how the parts stand that this process cannot serve without, having tried what it does there.

        The schema is only looked at in a database that answers, and only one that has it is written to.
        """
        (database, *schema), redis = await asyncio.gather(
            self._of_database(), _asked("redis", self._use_redis)
        )
        return [database, redis, *schema]

    async def _of_database(self) -> list[Check]:
        database = await _asked("database", self._database.ping)
        if not database.well:
            return [database]
        schema = await self.schema()
        return [await _asked("database", self._write) if schema.well else database, schema]

    async def _write(self) -> None:
        async with self._database.unit() as connection:
            await try_to_write(connection)

    async def _use_redis(self) -> None:
        failures = await what_fails(self._redis)
        if failures:
            raise Lacking(failures)

    async def schema(self) -> Check:
        """Return True if the database lacks a migration; a newer one than ours does no harm."""
        try:
            found = await asyncio.wait_for(self._database.revision(), _PATIENCE_S)
        except (Unavailable, TimeoutError) as error:
            return Check("schema", well=False, details={"error": _reason(error), "needed": self._newest})
        well = found is not None and found.isdigit() and int(found) >= int(self._newest)
        return Check("schema", well, {"found": found, "needed": self._newest})

    async def mail(self) -> Check:
        """Return True if letters leave in time; nothing else waits for them."""
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


class Lacking(Exception):
    """Redis answers, but refuses some of what is used."""

    def __init__(self, failures: list[Failure]) -> None:
        super().__init__()
        self.failures = failures


async def _asked(name: str, ask: Callable[[], Awaitable[None]]) -> Check:
    began = perf_counter()
    try:
        await asyncio.wait_for(ask(), _PATIENCE_S)
    except Lacking as lacking:
        commands = sorted({failure.command for failure in lacking.failures})
        told = {"trouble": lacking.failures[0].trouble.value, "refuses": ", ".join(commands)}
        return Check(name, well=False, details=told)
    except RedisDown as down:
        more = {"refuses": down.command} if down.command else {}
        return Check(
            name, well=False, details={"error": _reason(down), "trouble": down.trouble.value, **more}
        )
    except (Unavailable, TimeoutError, DBAPIError) as error:  # the last one for a lack of rights
        told = {"error": _reason(error), "trouble": trouble_of(error).value}
        return Check(name, well=False, details=told)
    return Check(name, well=True, details={"milliseconds": round((perf_counter() - began) * 1000, 2)})


def _reason(error: BaseException) -> str:
    # The kind alone: the words of a driver's error may have an address or a name in them.
    return type(error.__cause__ or error).__name__
