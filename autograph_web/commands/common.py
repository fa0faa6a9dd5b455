"""Shared code of the commands: access to the services while a command runs, and its output."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer

from autograph_web.commands import later
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError, Unavailable
from autograph_web.infra.health.failures import Trouble
from autograph_web.infra.health.remedies import mend
from autograph_web.infra.ip_addresses import UNKNOWN_ADDRESS
from autograph_web.infra.randomness import SystemRandomness, random_uuid
from autograph_web.infra.startup_error import StartupError
from autograph_web.infra.telemetry.logs import configure_logging
from autograph_web.sessions.errors import Unfinished

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Output JSON.")]


def print_line(line: str) -> None:
    """Print one message for the operator."""
    print(f"autograph: {line}", flush=True)  # noqa: T201


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)  # noqa: T201


def read_line() -> str:
    """Return the first line of standard input, for secrets that must not appear on a command line.

    Raises:
        StartupError: Standard input is empty or not UTF-8.
    """
    try:
        line = sys.stdin.buffer.readline().decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise StartupError("standard input is not UTF-8") from None
    if not line:
        raise StartupError("standard input is empty")
    return line


def bring_up_to_date(settings: later.Settings) -> None:
    """Migrate the database to the newest schema.

    Raises:
        StartupError: It cannot be used, or cannot store what is required.
    """
    url = settings.sqlalchemy_url
    current = later.is_current(url)
    _refuse_shortcomings(url, migrates=not current)
    if not current:
        from autograph_web import migrate  # noqa: PLC0415  (slow to import, and rarely needed)

        migrate.upgrade(url)


def _refuse_shortcomings(url: str, *, migrates: bool) -> None:
    file = later.sqlite_file(url)
    if file is not None and not file.exists():  # connecting would create it
        return
    try:
        found = asyncio.run(later.shortcomings(url, migrates=migrates))
    except (Unavailable, later.SQLAlchemyError) as error:
        trouble = later.trouble_of(error)
        if migrates and trouble in (Trouble.AWAY, Trouble.DAMAGED):
            return  # the migration itself reports the error in more detail
        found = [(trouble, trouble.sentence)]
    for trouble, words in found:
        if trouble is not Trouble.AWAY:  # a database that is unavailable may recover
            raise StartupError(f"DATABASE_URL: {words}; {mend('database', trouble)}")


@contextmanager
def redis_url(settings: later.Settings) -> Generator[str]:
    """Yield the URL of the configured Redis, or of an embedded one that runs within the block."""
    if settings.redis_url:
        yield settings.redis_url
        return
    with later.EmbeddedRedis(settings.data_dir) as redis:
        yield redis.url


# Failures that do not resolve without the operator's intervention.
_LASTING = (Trouble.CERTIFICATE, Trouble.ENCRYPTION, Trouble.PASSWORD, Trouble.RIGHTS, Trouble.COMMAND)


def refuse_redis(url: str) -> None:
    """Check Redis once before a server starts; an outage is tolerated, because it may end.

    Raises:
        StartupError: It is a Redis Cluster, or refuses a required command.
    """

    async def look() -> list[later.Failure]:
        redis = later.RedisClient(url, SystemClock())
        try:
            await refuse_a_cluster(redis)
            return await later.what_fails(redis)
        except later.RedisDown as down:
            return [later.Failure(down.command, down.trouble)]
        finally:
            await redis.close()

    for failure in asyncio.run(look()):
        if failure.trouble in _LASTING:
            command = f" ({failure.command})" if failure.command else ""
            raise StartupError(
                f"REDIS_URL: {failure.trouble.sentence}{command}; {mend('redis', failure.trouble)}"
            )


async def refuse_a_cluster(redis: later.RedisClient) -> None:
    """Connect to Redis.

    Raises:
        StartupError: It is a Redis Cluster.
        later.RedisDown: It is unavailable, or refuses the command.
    """
    try:
        await redis.ping()
    except later.RedisDown as down:
        if isinstance(down.__cause__, later.RedisCluster):
            raise StartupError(f"REDIS_URL: {down.__cause__}") from None
        raise


def with_services(act: Callable[[later.Services], Awaitable[T]]) -> T:
    """Return the result of `act`, called with the services on the server's database and Redis.

    Raises:
        StartupError: The operation was refused, or cannot be performed now.
    """
    settings = later.load_settings()
    configure_logging("CRITICAL", "text")  # errors are reported to the operator as one line instead
    bring_up_to_date(settings)
    with redis_url(settings) as url:
        return asyncio.run(_act(settings.model_copy(update={"redis_url": url}), act))


async def _act(settings: later.Settings, act: Callable[[later.Services], Awaitable[T]]) -> T:
    services = later.build_services(settings)
    try:
        await services.redis_answers()  # determines which Redis process this is
        return await act(services)
    except Unfinished:
        reason = "saved, but Redis is unreachable: a session may stay active for up to five minutes"
        raise StartupError(f"{reason}; run `user end-sessions` once Redis is back to be sure") from None
    except Unavailable:
        raise StartupError("the database is unreachable; nothing was changed") from None
    except DomainError as refusal:
        raise StartupError(refusal.detail) from None
    finally:
        await services.close()


def with_outbox(settings: later.Settings, act: Callable[[later.Outbox], Awaitable[T]]) -> T:
    """Return the result of `act`, called with the outbox.

    Raises:
        StartupError: The database is unavailable.
    """
    bring_up_to_date(settings)
    return asyncio.run(_act_on_outbox(settings, act))


async def _act_on_outbox(settings: later.Settings, act: Callable[[later.Outbox], Awaitable[T]]) -> T:
    database = later.Database(settings.sqlalchemy_url)
    try:
        return await act(later.outbox_of(settings, database))
    except Unavailable:
        raise StartupError("the database is unreachable") from None
    finally:
        await database.close()


def operator() -> later.Actor:
    """Return the operating system user as the actor; the environment is not used, since it can be forged."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a numeric user id without a name
        name = f"user {os.getuid()}"
    request = str(random_uuid(SystemRandomness()))
    return later.Actor(f"command line: {name}", RequestContext(UNKNOWN_ADDRESS, "", request))
