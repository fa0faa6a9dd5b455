"""A password reset while Redis or the database is unavailable, flushed or restarted: all or nothing."""

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.redis.client import RedisDown
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.recovery.errors import PasswordIsSet
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import flush, kill
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import audited, open_cookie, open_pair, prove, register
from tests.support.services.password_reset import NEW_PASSWORD, ask, ask_and_open, choose


@pytest.fixture
async def services(settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices) -> Services:
    """Services with a Redis of their own."""
    return await open_services(settings.model_copy(update={"redis_url": own_redis.url}))


async def test_without_redis_nothing_is_changed(
    services: Services, own_redis: EmbeddedRedis, mailbox: Mailbox
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    token = await ask_and_open(services, mailbox)
    kill(own_redis)
    with pytest.raises(Unavailable) as refusal:
        await choose(services, token)

    assert not isinstance(refusal.value, PasswordIsSet)
    assert await services.sessions.authenticate_cookie(cookie)
    assert await prove(services)
    assert await audited(services, "password_reset_completed") == []


async def test_the_link_is_as_good_once_redis_is_back(
    services: Services, own_redis: EmbeddedRedis, mailbox: Mailbox, clock: FakeClock
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    token = await ask_and_open(services, mailbox)
    kill(own_redis)
    with pytest.raises(Unavailable):
        await choose(services, token)
    own_redis.start()
    clock.advance(2)

    assert await choose(services, token)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


async def test_redis_that_takes_nothing_at_the_very_end_is_told_of_truthfully(
    services: Services, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(services)
    pair = await open_pair(services)
    token = await ask_and_open(services, mailbox)

    async def put(*_: object, **__: object) -> bool:
        raise RedisDown

    monkeypatch.setattr(services.redis, "put", put)
    with pytest.raises(PasswordIsSet):
        await choose(services, token)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(pair.access_token)
    with pytest.raises(InvalidCredentials):
        await prove(services)


async def test_a_flush_in_between_loses_nothing(
    services: Services, own_redis: EmbeddedRedis, mailbox: Mailbox
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    token = await ask_and_open(services, mailbox)
    flush(own_redis)
    await choose(services, token)
    flush(own_redis)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)
    assert await prove(services, password=NEW_PASSWORD)


async def test_asking_works_without_redis_and_is_limited_more_strictly(
    services: Services, own_redis: EmbeddedRedis, mailbox: Mailbox
) -> None:
    await register(services)
    kill(own_redis)

    for _ in range(2):
        await ask(services)
    assert len(mailbox.letters) == 1
