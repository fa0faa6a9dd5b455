"""Reflex's state manager, with a lock that is released even if its owner is cancelled.

Reflex 0.10.1 keeps the state of a tab in Redis under a lock of ten seconds, and cancels the tasks of a page
that is left, sometimes twice. If this happens while the lock is acquired or released, the lock remains set in
Redis without an owner: the next page of the tab, for instance after Back, stays empty until the lock expires.

Upstream: no issue about the lock; https://github.com/reflex-dev/reflex/issues/7248 is about the writes that a
cancelled handler loses.

It also follows a failover: it connects to the new master, and enables keyspace notifications there too.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import reflex as rx
from reflex.istate.manager.redis import StateManagerRedis, enable_keyspace_notifications
from reflex.istate.manager.token import StateToken

from autograph_web.container import Services
from autograph_web.infra.redis.client import keep_listening
from autograph_web.infra.redis.pool import follower
from autograph_web.reflex_patches.tabs import steady_tabs
from autograph_web.settings import Settings

_logger = logging.getLogger(__name__)

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class SteadyStateManager(StateManagerRedis):
    """Releases the lock in a separate task if its owner was cancelled.

    `tell_answer` is called whenever Redis has granted a lock.
    """

    tell_answer: Callable[[], None] = staticmethod(lambda: None)

    async def _enable_keyspace_notifications(self) -> None:
        # Reflex does this once per process; a Redis restarted or promoted since then has them disabled.
        await enable_keyspace_notifications(self.redis, self._redis_notify_keyspace_events)

    async def _subscribe_lock_updates(self) -> None:
        await keep_listening(super()._subscribe_lock_updates, "locks of tabs")

    @asynccontextmanager
    async def _lock(self, token: StateToken[Any], event_name: str | None = None) -> AsyncGenerator[bytes]:
        lock_id = b""
        try:
            async with super()._lock(token, event_name) as lock_id:
                # Otherwise an event that waited for Redis would be rejected where an outage is still assumed.
                self.tell_answer()
                yield lock_id
        except asyncio.CancelledError:
            self._give_back(self._lock_key(token), lock_id)
            raise

    async def _wait_lock(self, lock_key: bytes, lock_id: bytes) -> None:
        taking = asyncio.create_task(super()._wait_lock(lock_key, lock_id))
        try:
            await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._give_back(lock_key, lock_id, taking)
            raise

    def _give_back(self, lock_key: bytes, lock_id: bytes, after: asyncio.Task[None] | None = None) -> None:
        _in_background.add(task := asyncio.create_task(self._release(lock_key, lock_id, after)))
        task.add_done_callback(_in_background.discard)

    async def _release(self, lock_key: bytes, lock_id: bytes, after: asyncio.Task[None] | None) -> None:
        try:
            if after is not None:
                await after
            await cast(Any, self.redis).eval(_RELEASE, 1, lock_key, lock_id)
        except Exception:  # the lock then expires
            _logger.warning("a tab's lock could not be given back", exc_info=True)
        self._notify_next_waiter(lock_key)


_in_background: set[asyncio.Task[None]] = set()


def steady(app: rx.App, settings: Settings, built: Callable[[], Services]) -> None:
    """Replace the state manager, the token manager and their Redis clients in an app that uses Redis."""
    inner: Any = app
    plain = inner._state_manager
    if not isinstance(plain, StateManagerRedis):
        return
    # One pool for both; those of Reflex are unbounded, do not wait for a free connection and never shrink.
    redis = follower(settings.redis_url, settings.redis_pool) if settings.redis_url else plain.redis
    inner._state_manager = SteadyStateManager(
        redis=redis,
        token_expiration=plain.token_expiration,
        lock_expiration=plain.lock_expiration,
        lock_warning_threshold=plain.lock_warning_threshold,
    )

    def tell_answer() -> None:
        built().redis.note_answer()

    inner._state_manager.tell_answer = tell_answer
    steady_tabs(app, redis)
