"""A process without requests becomes idle, and still notices what happens in other processes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

import pytest

from autograph_web.audit.chain.store import CHAIN
from autograph_web.audit.event_types import EventType
from autograph_web.container import Services, build_services
from autograph_web.flags import store
from autograph_web.flags.table import PASSWORD_GRANT, SIGN_IN_NOTICES
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.lifespan import opened
from autograph_web.mail.message import MailMessage
from autograph_web.mail.module import outbox_of
from autograph_web.mail.store import OUTBOX
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import kill, statements
from tests.support.services.factories import context, how_many, make_settings, rows
from tests.support.services.flags import switch


@pytest.fixture
async def alone(settings: Settings, mailbox: Mailbox) -> AsyncGenerator[Services]:
    """A process with a running clock, as in production."""
    async with opened(build_services(settings, carrier=mailbox)) as built:
        yield built


async def until(done: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110  (what is waited for happens elsewhere)
            await asyncio.sleep(0.05)


async def rests(services: Services) -> None:
    """Wait for five seconds with at most two statements."""
    async with asyncio.timeout(60):
        while True:
            with statements(services, of_flags=True) as seen:
                await asyncio.sleep(5)
            if len(seen) <= 2:
                return


async def written_elsewhere(services: Services, name: str, word: str) -> None:
    """Change a flag in the database without announcing it."""
    values = {"name": name, "value": word, "percent": 100, "changed_by": "an operator"}
    async with services.database.unit() as connection:
        await store.add(connection, {**values, "changed_at": datetime.now(UTC)})


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_an_idle_process_comes_to_rest_and_wakes_for_what_it_writes_itself(alone: Services) -> None:
    await alone.audit_log.record_alone(EventType.LOGIN_FAILED, context())
    await rests(alone)
    assert await how_many(alone, CHAIN) == 1
    await alone.audit_log.record_alone(EventType.LOGIN_FAILED, context())
    async with asyncio.timeout(15):  # earlier than the periodic check would find it
        while await how_many(alone, CHAIN) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_a_flag_that_another_process_switched_is_heard_of(
    settings: Settings, alone: Services, mailbox: Mailbox
) -> None:
    other = build_services(settings, carrier=mailbox)
    await asyncio.sleep(0.5)  # it is listening by now
    await switch(other, "password_grant", "off")
    await until(lambda: not alone.flags.of(PASSWORD_GRANT), 5)
    await other.close()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_what_other_processes_leave_without_a_word_is_found(
    settings: Settings, alone: Services
) -> None:
    await rests(alone)
    left = outbox_of(settings, alone.database)
    async with alone.database.unit() as connection:
        for number in range(3):
            await left.post(connection, MailMessage(f"mina{number}@northwind.dev", "Hello", ("Hello.",)))
    await written_elsewhere(alone, "sign_in_notices", "off")
    await until(lambda: not alone.flags.of(SIGN_IN_NOTICES))
    async with asyncio.timeout(40):
        while not all(row.sent_at for row in await rows(alone, OUTBOX)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.slow
async def test_without_redis_flags_are_read_each_second(
    settings: Settings, own_redis: EmbeddedRedis, mailbox: Mailbox
) -> None:
    own = make_settings(settings.data_dir, database_url=settings.sqlalchemy_url, redis_url=own_redis.url)
    async with opened(build_services(own, carrier=mailbox)) as built:
        kill(own_redis)
        await asyncio.sleep(0.5)
        await written_elsewhere(built, "password_grant", "off")
        await until(lambda: not built.flags.of(PASSWORD_GRANT), 5)
