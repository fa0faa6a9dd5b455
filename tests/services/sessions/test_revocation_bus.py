"""Who is notified of a revoked session, in which ways, and what Redis contributes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from autograph_web.container import Services
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.settings import Settings
from tests.support.servers.inspection import RedisWindow, kill
from tests.support.services.app import OpenServices
from tests.support.services.factories import EMAIL, PASSWORD, context, open_pair, register
from tests.support.services.signed_in_browser import Browser, come_in

CHANNEL = "session_ends"
NEW = "seven copper lanterns hum"


class Listener:
    """The subscription of one worker."""

    def __init__(self) -> None:
        self.heard: list[UUID] = []

    async def __call__(self, session_id: UUID) -> None:
        self.heard.append(session_id)

    async def hears(self, *session_ids: UUID) -> None:
        """Wait until these were announced, and require that nothing else was."""
        await until(lambda: set(session_ids) <= set(self.heard))
        assert set(self.heard) == set(session_ids)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110  (what is waited for happens in another process)
            await asyncio.sleep(0.01)


def ears() -> list[str]:
    """Return the tasks that listen."""
    return [name for name in map(str, asyncio.all_tasks()) if "RevocationBus._listen" in name]


def subscribers(window: RedisWindow) -> int:
    [(_, number)] = window.client.pubsub_numsub(CHANNEL)
    return int(number)


@asynccontextmanager
async def listening(services: Services, window: RedisWindow) -> AsyncGenerator[Listener]:
    listener, before = Listener(), subscribers(window)
    async with services.revocation_bus.heard_by(listener):
        await until(lambda: subscribers(window) == before + 1)
        yield listener


@pytest.fixture
async def ear(services: Services, redis_window: RedisWindow) -> AsyncGenerator[Listener]:
    async with listening(services, redis_window) as listener:
        yield listener


@pytest.fixture
async def here(services: Services) -> Browser:
    await register(services)
    return await come_in(services)


@pytest.fixture
async def there(services: Services, here: Browser) -> Browser:
    return await come_in(services)


async def test_every_worker_hears_of_it(
    services: Services,
    settings: Settings,
    open_services: OpenServices,
    redis_window: RedisWindow,
    here: Browser,
) -> None:
    second = await open_services(settings)
    async with listening(services, redis_window) as one, listening(second, redis_window) as other:
        await services.sessions.end(context(), here.principal)
        await one.hears(here.id)
        await other.hears(here.id)


async def test_a_session_is_revoked_before_it_is_announced(
    services: Services, redis_window: RedisWindow, here: Browser
) -> None:
    found: list[bool] = []

    async def look(_session_id: UUID) -> None:
        found.append(await here.is_out())

    async with services.revocation_bus.heard_by(look):
        await until(lambda: subscribers(redis_window) == 1)
        await services.sessions.end(context(), here.principal)
        await until(lambda: bool(found))
    assert found == [True]


async def test_signing_another_out(services: Services, ear: Listener, here: Browser, there: Browser) -> None:
    await services.devices.sign_out(context(), here.principal, there.id)
    await ear.hears(there.id)


async def test_signing_all_others_out(
    services: Services, ear: Listener, here: Browser, there: Browser
) -> None:
    third = await come_in(services)
    await services.devices.sign_out_others(context(), here.principal)
    await ear.hears(there.id, third.id)


async def test_signing_out_everywhere(
    services: Services, ear: Listener, here: Browser, there: Browser
) -> None:
    await services.sessions.end_all(context(), here.principal)
    await ear.hears(here.id, there.id)


async def test_a_changed_password_sends_the_others_away(
    services: Services, ear: Listener, here: Browser, there: Browser
) -> None:
    """The caller is about to get a new session, and must not be sent to the sign-in page before that."""
    data = PasswordChangeInput(current_password=SecretStr(PASSWORD), new_password=SecretStr(NEW))
    grant = await services.password_change.change(context(), here.principal, data)
    await services.sessions.open_for_browser(context(), grant)
    await ear.hears(there.id)
    assert await here.is_out()


async def test_a_deleted_account(services: Services, ear: Listener, here: Browser, there: Browser) -> None:
    await services.deletion.delete(context(), here.principal, EMAIL)
    await ear.hears(here.id, there.id)


async def test_a_stolen_refresh_token(services: Services, ear: Listener, here: Browser) -> None:
    pair = await open_pair(services)
    principal = await services.sessions.authenticate_token(pair.access_token)
    await services.tokens.refresh(context(), pair.refresh_token)
    with pytest.raises(Exception, match="token_reused"):
        await services.tokens.refresh(context("192.0.2.66"), pair.refresh_token)
    await ear.hears(principal.session_id)


async def test_what_is_no_session_id_is_passed_over(
    services: Services, ear: Listener, redis_window: RedisWindow
) -> None:
    known = uuid4()
    for message in (b"", b"x", b"\xff\x00", b"0" * 100_000, b"- " * 100, f"x {known.hex} y".encode()):
        redis_window.client.publish(CHANNEL, message)
    await ear.hears(known)


async def test_a_listener_that_fails_goes_on_listening(
    services: Services, redis_window: RedisWindow, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[UUID] = []

    async def fail(session_id: UUID) -> None:
        heard.append(session_id)
        raise RuntimeError("a fault of ours")

    async with services.revocation_bus.heard_by(fail):
        await until(lambda: subscribers(redis_window) == 1)
        for _ in range(2):
            await services.revocation_bus.announce([uuid4()])
        await until(lambda: len(heard) == 2)


async def test_more_sessions_than_fit_one_message_are_all_heard_of(services: Services, ear: Listener) -> None:
    many = [uuid4() for _ in range(1200)]
    await services.revocation_bus.announce(many)
    await ear.hears(*many)


async def test_nothing_is_left_when_it_ends(services: Services, redis_window: RedisWindow) -> None:
    for _ in range(3):
        async with listening(services, redis_window):
            assert len(ears()) == 1
        assert ears() == []
        await until(lambda: subscribers(redis_window) == 0)


async def test_it_ends_at_once_while_redis_is_away(
    settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    kill(own_redis)
    async with asyncio.timeout(2), services.revocation_bus.heard_by(Listener()):
        await asyncio.sleep(0.1)
        await services.revocation_bus.announce([uuid4()])  # announces nothing


@pytest.mark.slow
async def test_a_restarted_redis_is_listened_to_again(
    settings: Settings,
    own_redis: EmbeddedRedis,
    open_services: OpenServices,
    capfd: pytest.CaptureFixture[str],
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    window = RedisWindow(own_redis.url)
    async with listening(services, window) as listener:
        kill(own_redis)
        await asyncio.sleep(2.5)  # time for several tries
        own_redis.start()
        again = RedisWindow(own_redis.url)
        await until(lambda: subscribers(again) == 1)
        known = uuid4()
        again.client.publish(CHANNEL, known.hex)
        await listener.hears(known)
        again.client.close()
    window.client.close()
    assert "".join(capfd.readouterr()).count("redis_subscription_lost") <= 1


@pytest.mark.slow
async def test_a_subscription_that_falls_silent_is_asked_and_kept(
    services: Services, redis_window: RedisWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograph_web.infra.redis.client._SILENCE_S", 0.1)
    async with listening(services, redis_window) as listener:
        await asyncio.sleep(0.5)
        assert subscribers(redis_window) == 1
        known = uuid4()
        await services.revocation_bus.announce([known])
        await listener.hears(known)
