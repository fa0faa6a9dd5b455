"""Reflex's state manager, with a lock that a page left half-way gives back.

Reflex 0.10.1 keeps a tab's state in Redis under a lock of ten seconds, and cancels the work of a page that is
left, sometimes twice. When that falls into the moment of taking or releasing the lock, Redis has it set and
nobody is left to release it: the tab's next page, after Back for instance, stands empty until it runs out.

Upstream: no issue about the lock; https://github.com/reflex-dev/reflex/issues/7248 is about the writes that a
cancelled handler loses.

It also follows a failover: to the new master, and by asking that one too for the messages about locks.
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
    """Gives the lock back in a task of its own when whoever took it was cancelled.

    `tell_answer` is called whenever Redis has given a lock.
    """

    tell_answer: Callable[[], None] = staticmethod(lambda: None)

    async def _enable_keyspace_notifications(self) -> None:
        # Reflex asks once in a process; a server that was restarted or promoted since knows nothing of it.
        await enable_keyspace_notifications(self.redis, self._redis_notify_keyspace_events)

    async def _subscribe_lock_updates(self) -> None:
        await keep_listening(super()._subscribe_lock_updates, "locks of tabs")

    @asynccontextmanager
    async def _lock(self, token: StateToken[Any], event_name: str | None = None) -> AsyncGenerator[bytes]:
        lock_id = b""
        try:
            async with super()._lock(token, event_name) as lock_id:
                # Otherwise an event that waited for Redis would be refused by those who still go without it.
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
        except Exception:  # the lock runs out by itself then
            _logger.warning("a tab's lock could not be given back", exc_info=True)
        self._notify_next_waiter(lock_key)


_in_background: set[asyncio.Task[None]] = set()


def steady(app: rx.App, settings: Settings, built: Callable[[], Services]) -> None:
    """Replace Reflex's manager and records of an app that keeps its state in Redis, and its clients."""
    inner: Any = app
    plain = inner._state_manager
    if not isinstance(plain, StateManagerRedis):
        return
    # One pool for both of its parts; Reflex' own have no bound, wait for nobody and never shrink.
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
