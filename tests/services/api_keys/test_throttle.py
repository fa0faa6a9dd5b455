"""How often keys may be used and guessed, with and without Redis."""

from typing import Any

import pytest

from autograph_web.api_keys.errors import ApiKeyInvalid, ApiKeyRevoked
from autograph_web.api_keys.spelling import new_key
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited, Unavailable
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.settings import Settings
from tests.support.servers.inspection import flush, kill
from tests.support.services.api_keys import impostor, issue, newcomer, use
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import context
from tests.support.services.randomness import RecordedEntropy

HERE, THERE = "203.0.113.7", "192.0.2.66"
GUESSES = 20


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    return {"limit_api_key": "5/1m", "workers": 1}


@pytest.fixture
async def services(settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices) -> Services:
    """Services with a Redis of their own."""
    return await open_services(settings.model_copy(update={"redis_url": own_redis.url}))


async def guess(services: Services, text: str, times: int, ip: str = THERE) -> None:
    """Send wrong keys with the id of a valid one."""
    for number in range(times):
        with pytest.raises(ApiKeyInvalid):
            await use(services, impostor(text, number), ip)


async def test_each_key_has_its_allowance_a_minute(services: Services, clock: FakeClock) -> None:
    mina = await newcomer(services)
    made, other = await issue(services, mina), await issue(services, mina)
    for address in range(5):
        await use(services, made.text, f"192.0.2.{address}")
    clock.advance(20)
    with pytest.raises(RateLimited) as refusal:
        await use(services, made.text)
    assert refusal.value.retry_after == 40
    assert await use(services, other.text)
    clock.advance(39)
    with pytest.raises(RateLimited):
        await use(services, made.text)
    clock.advance(1)
    for _ in range(5):
        assert await use(services, made.text)


async def test_guesses_are_counted_by_address(services: Services, clock: FakeClock) -> None:
    mina = await newcomer(services)
    made = await issue(services, mina)
    await guess(services, made.text, GUESSES)
    for text in (impostor(made.text, 99), made.text):
        with pytest.raises(RateLimited) as refusal:
            await use(services, text, THERE)
        assert 0 < (refusal.value.retry_after or 0) <= 900
    assert await use(services, made.text, HERE)
    clock.advance(900)
    await guess(services, made.text, 1)


async def test_of_an_ipv6_network_all_addresses_are_one(services: Services) -> None:
    made = await issue(services, await newcomer(services))
    for number in range(GUESSES):
        with pytest.raises(ApiKeyInvalid):
            await use(services, impostor(made.text, number), f"2001:db8::{number + 1:x}")
    with pytest.raises(RateLimited):
        await use(services, impostor(made.text, 99), "2001:db8::ffff")


async def test_a_key_that_works_is_not_held_up_by_its_neighbours(services: Services) -> None:
    mina = await newcomer(services)
    made = await issue(services, mina)
    await use(services, made.text, THERE)
    await guess(services, made.text, GUESSES)
    assert await use(services, made.text, THERE)


async def test_guessing_at_a_key_uses_nothing_of_its_allowance_up(services: Services) -> None:
    mina = await newcomer(services)
    made = await issue(services, mina)
    await guess(services, made.text, GUESSES)
    for _ in range(5):
        assert await use(services, made.text)


async def test_a_revoked_key_stays_revoked_whatever_becomes_of_redis(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    mina = await newcomer(services)
    made, kept = await issue(services, mina), await issue(services, mina)
    for one in (made, kept):
        await use(services, one.text)
    await services.api_keys.revoke(context(), mina, made.key.id)
    flush(own_redis)
    await _is_over(services, made.text)
    assert await use(services, kept.text)
    kill(own_redis)
    await _is_over(services, made.text)
    assert await use(services, kept.text)
    own_redis.start()
    clock.advance(2)
    await _is_over(services, made.text)
    assert await use(services, kept.text)


async def test_a_key_is_revoked_for_certain_without_redis(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    mina = await newcomer(services)
    made = await issue(services, mina)
    await use(services, made.text)
    kill(own_redis)
    await services.api_keys.revoke(context(), mina, made.key.id)
    await _is_over(services, made.text)
    own_redis.start()
    clock.advance(2)
    await _is_over(services, made.text)


async def test_without_redis_the_limits_still_hold(
    services: Services, own_redis: EmbeddedRedis, clock: FakeClock
) -> None:
    mina = await newcomer(services)
    made, other = await issue(services, mina), await issue(services, mina)
    own_redis.stop()
    for _ in range(5):
        await use(services, made.text)
    with pytest.raises(RateLimited):
        await use(services, made.text)
    await guess(services, made.text, GUESSES)
    with pytest.raises(RateLimited):
        await use(services, impostor(made.text, 99), THERE)
    assert await use(services, other.text)
    clock.advance(901)
    assert await use(services, made.text, THERE)


async def test_without_a_database_the_answer_is_unavailable(
    settings: Settings, open_services: OpenServices
) -> None:
    gone = settings.model_copy(update={"database_url": "postgresql://me:secret@127.0.0.1:1/none"})
    with pytest.raises(Unavailable):
        await use(await open_services(gone), new_key(RecordedEntropy()).text)


async def _is_over(services: Services, text: str) -> None:
    with pytest.raises(ApiKeyRevoked):
        await use(services, text)
