"""Cached sessions in Redis: none outlives its session, whatever happens to clocks, keys and Redis."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.sessions.cache import SessionCache
from autograph_web.settings import Settings
from tests.support.servers.inspection import RedisWindow, kill
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import SECRET, STRANGERS_SECRET, context, open_cookie, register

SESSION = UUID(int=7)


class DeafRedis:
    """A stand-in for a Redis that accepts no writes for a while."""

    def __init__(self, redis: RedisClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.deaf, self._put, self._put_all = True, redis.put, redis.put_all
        monkeypatch.setattr(redis, "put", self.put)
        monkeypatch.setattr(redis, "put_all", self.put_all)

    async def put(self, key: str, value: str | int, ttl: int, only_new: bool = False) -> bool:
        if self.deaf:
            raise RedisDown
        return await self._put(key, value, ttl, only_new)

    async def put_all(self, keys: Sequence[str], value: str, ttl: int) -> None:
        if self.deaf:
            raise RedisDown
        await self._put_all(keys, value, ttl)


async def test_a_sign_out_everywhere_that_redis_missed_is_finished_later(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    principal = await services.sessions.authenticate_cookie(cookie)
    redis = DeafRedis(services.redis, monkeypatch)
    tried: list[list[UUID]] = []

    def note(_cache: SessionCache, session_ids: list[UUID]) -> None:
        tried.append(session_ids)

    monkeypatch.setattr(SessionCache, "_keep_trying", note)

    with pytest.raises(Unavailable):
        await services.sessions.end_all(context(), principal)
    redis.deaf = False

    assert tried == [[principal.session_id]]
    await services.sessions.bury(tried[0])
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_tombstone_stands_under_the_name_of_the_server_that_took_it(
    settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices, clock: FakeClock
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    before = services.redis.run
    kill(own_redis)
    own_redis.start()
    clock.advance(2)

    await services.sessions.bury([SESSION])

    assert services.redis.run != before
    window = RedisWindow(own_redis.url)
    assert f"session:{services.redis.run}:{SESSION.hex}" in window.keys("session:*")
    window.client.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_another_installation_in_the_same_redis_signs_nobody_in(
    services: Services, open_services: OpenServices, tmp_path: Path
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    await services.sessions.authenticate_cookie(cookie)
    changes = {"secret_keys": (STRANGERS_SECRET,), "data_dir": tmp_path / "other"}
    other = await open_services(services.settings.model_copy(update=changes))
    principal = await services.sessions.authenticate_cookie(cookie)

    cache = SessionCache(other.redis, 3600, Keyring((STRANGERS_SECRET,), "session copies"))
    found = await cache.look_up(principal.session_id.hex, principal.user_id.hex, None)

    assert (found.record, found.revoked) == (None, False)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_copy_of_before_a_rotation_of_the_keys_still_counts(services: Services) -> None:
    await register(services)
    principal = await services.sessions.authenticate_cookie(await open_cookie(services))
    rotated = SessionCache(services.redis, 3600, Keyring((STRANGERS_SECRET, SECRET), "session copies"))

    found = await rotated.look_up(principal.session_id.hex, principal.user_id.hex, None)

    assert found.record is not None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_clock_set_back_does_not_keep_redis_away(
    settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices, clock: FakeClock
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    own_redis.stop()
    with pytest.raises(RedisDown):
        await services.redis.ping()
    own_redis.start()
    clock.advance(-3600)

    await services.redis.ping()
