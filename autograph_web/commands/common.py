"""What several commands need: the services for as long as one of them runs, and how it speaks."""

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
AsJson = Annotated[bool, typer.Option("--json", help="Tell it as JSON, for a script.")]


def say(line: str) -> None:
    """Tell the operator one thing."""
    print(f"autograph: {line}", flush=True)  # noqa: T201


def show(value: Any) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)  # noqa: T201


def read_line() -> str:
    """Return the first line of standard input, for what must not stand on a command line.

    Raises:
        StartupError: There is none that can be read.
    """
    try:
        line = sys.stdin.buffer.readline().decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise StartupError("standard input is not UTF-8") from None
    if not line:
        raise StartupError("nothing came on standard input")
    return line


def bring_up_to_date(settings: later.Settings) -> None:
    """Give the database the newest schema.

    Raises:
        StartupError: It cannot be used, or cannot hold what it is to hold.
    """
    url = settings.sqlalchemy_url
    current = later.is_current(url)
    _refuse_shortcomings(url, migrates=not current)
    if not current:
        from autograph_web import migrate  # noqa: PLC0415  (Alembic is slow to load, most starts do without)

        migrate.upgrade(url)


def _refuse_shortcomings(url: str, *, migrates: bool) -> None:
    file = later.sqlite_file(url)
    if file is not None and not file.exists():  # to ask would make it
        return
    try:
        found = asyncio.run(later.shortcomings(url, migrates=migrates))
    except (Unavailable, later.SQLAlchemyError) as error:
        trouble = later.trouble_of(error)
        if migrates and trouble in (Trouble.AWAY, Trouble.DAMAGED):
            return  # whoever migrates says more
        found = [(trouble, trouble.sentence)]
    for trouble, words in found:
        if trouble is not Trouble.AWAY:  # a database that is away may come back
            raise StartupError(f"DATABASE_URL: {words}; {mend('database', trouble)}")


@contextmanager
def redis_url(settings: later.Settings) -> Generator[str]:
    """Tell the Redis to use: the one named, or our own for as long as the block lasts."""
    if settings.redis_url:
        yield settings.redis_url
        return
    with later.EmbeddedRedis(settings.data_dir) as redis:
        yield redis.url


# What does not go away by itself.
_LASTING = (Trouble.CERTIFICATE, Trouble.ENCRYPTION, Trouble.PASSWORD, Trouble.RIGHTS, Trouble.COMMAND)


def refuse_redis(url: str) -> None:
    """Look at the Redis once before a server starts; one that is only away may come back.

    Raises:
        StartupError: It is a Redis Cluster, or will not do what is needed.
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
    """Have a Redis answer.

    Raises:
        StartupError: It is a Redis Cluster.
        later.RedisDown: It is away, or refuses.
    """
    try:
        await redis.ping()
    except later.RedisDown as down:
        if isinstance(down.__cause__, later.RedisCluster):
            raise StartupError(f"REDIS_URL: {down.__cause__}") from None
        raise


def with_services(act: Callable[[later.Services], Awaitable[T]]) -> T:
    """Return what `act` makes of the services, against the database and the Redis of the server.

    Raises:
        StartupError: It was refused, or cannot be done right now.
    """
    settings = later.load_settings()
    configure_logging("CRITICAL", "text")  # what an operator can do about it is said in one line
    bring_up_to_date(settings)
    with redis_url(settings) as url:
        return asyncio.run(_act(settings.model_copy(update={"redis_url": url}), act))


async def _act(settings: later.Settings, act: Callable[[later.Services], Awaitable[T]]) -> T:
    services = later.build_services(settings)
    try:
        await services.redis_answers()  # learns which Redis process this is
        return await act(services)
    except Unfinished:
        reason = "it is done, but Redis cannot be told: for five minutes at most a session may go on"
        raise StartupError(f"{reason}; `user end-sessions` makes certain once Redis answers") from None
    except Unavailable:
        raise StartupError("the database cannot be reached, so nothing was changed") from None
    except DomainError as refusal:
        raise StartupError(refusal.detail) from None
    finally:
        await services.close()


def with_outbox(settings: later.Settings, act: Callable[[later.Outbox], Awaitable[T]]) -> T:
    """Return what `act` makes of the outbox.

    Raises:
        StartupError: The database is away.
    """
    bring_up_to_date(settings)
    return asyncio.run(_act_on_outbox(settings, act))


async def _act_on_outbox(settings: later.Settings, act: Callable[[later.Outbox], Awaitable[T]]) -> T:
    database = later.Database(settings.sqlalchemy_url)
    try:
        return await act(later.outbox_of(settings, database))
    except Unavailable:
        raise StartupError("the database cannot be reached") from None
    finally:
        await database.close()


def operator() -> later.Operator:
    """Return who runs this command, as the system knows them: the environment could claim anybody."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run as a number without a name
        name = f"user {os.getuid()}"
    request = str(random_uuid(SystemRandomness()))
    return later.Operator(f"command line: {name}", RequestContext(UNKNOWN_ADDRESS, "", request))
