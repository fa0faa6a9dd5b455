"""Health of this process: the state of each dependency, and what is wrong with it."""

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

_PATIENCE_S = 2.0  # seconds; shorter than the timeout of a typical probe


@dataclass(frozen=True, slots=True)
class Check:
    """The state of one dependency; `details` are for operators only, the name and `well` are public."""

    name: str
    well: bool
    details: dict[str, Any] = field(default_factory=dict[str, Any])


class Health:
    """Checks all dependencies concurrently; `newest` is the migration that this version requires."""

    def __init__(self, database: Database, redis: RedisClient, outbox: Outbox, newest: str) -> None:
        self._database, self._redis, self._outbox, self._newest = database, redis, outbox, newest

    async def look(self) -> list[Check]:
        """Return the state of the required dependencies, determined by using each as the server does.

        The schema is checked only if the database answers, and the write test runs only if the schema is
        current.
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
            raise MissingPart(failures)

    async def schema(self) -> Check:
        """Check that the database has the migration this version requires; a newer schema is accepted."""
        try:
            found = await asyncio.wait_for(self._database.revision(), _PATIENCE_S)
        except (Unavailable, TimeoutError) as error:
            return Check("schema", well=False, details={"error": _reason(error), "needed": self._newest})
        well = found is not None and found.isdigit() and int(found) >= int(self._newest)
        return Check("schema", well, {"found": found, "needed": self._newest})

    async def mail(self) -> Check:
        """Check that emails are delivered in time; it is healthy if the database is unavailable."""
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


class MissingPart(Exception):
    """Redis answers, but refuses some of the commands that are used."""

    def __init__(self, failures: list[Failure]) -> None:
        super().__init__()
        self.failures = failures


async def _asked(name: str, ask: Callable[[], Awaitable[None]]) -> Check:
    began = perf_counter()
    try:
        await asyncio.wait_for(ask(), _PATIENCE_S)
    except MissingPart as lacking:
        commands = sorted({failure.command for failure in lacking.failures})
        told = {"trouble": lacking.failures[0].trouble.value, "refuses": ", ".join(commands)}
        return Check(name, well=False, details=told)
    except RedisDown as down:
        more = {"refuses": down.command} if down.command else {}
        return Check(
            name, well=False, details={"error": _reason(down), "trouble": down.trouble.value, **more}
        )
    except (Unavailable, TimeoutError, DBAPIError) as error:  # the last one if rights are missing
        told = {"error": _reason(error), "trouble": trouble_of(error).value}
        return Check(name, well=False, details=told)
    return Check(name, well=True, details={"milliseconds": round((perf_counter() - began) * 1000, 2)})


def _reason(error: BaseException) -> str:
    # Only the class: the message of a driver error may contain an address or a name.
    return type(error.__cause__ or error).__name__
