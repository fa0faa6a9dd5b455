"""Records which tab is connected to which process, so that tabs survive the crash of a server.

Reflex 0.10.1 treats a tab whose record is still in Redis as a copy of one that is open elsewhere and gives it
a new, empty state: right for "Duplicate tab", but a killed server leaves its records behind, and users with a
half-completed form there would have to start again.

Upstream: https://github.com/reflex-dev/reflex/issues/6345 and
https://github.com/reflex-dev/reflex/issues/6252.
"""

import logging
import pickle
from collections.abc import Callable, Coroutine
from typing import Any, cast

import reflex as rx
from reflex.state import StateUpdate
from reflex.utils.token_manager import RedisTokenManager

from autograph_web.infra.redis.client import keep_listening

_logger = logging.getLogger(__name__)

_DROP_IF = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

EmitUpdate = Callable[[StateUpdate, str], Coroutine[None, None, None]]


class SteadyTabs(RedisTokenManager):
    """Drops stale records of tabs: those of a dead process, or left over from a Redis outage.

    Each process holds a subscription, which shows the others that it is alive.
    """

    async def is_taken(self, tab: str) -> bool:
        """Return True if `tab` is open somewhere; False while Redis is unavailable."""
        try:
            return await self._has_a_live_owner(tab)
        except Exception:  # Redis is unavailable: Reflex then works without it
            _logger.warning("a tab's record could not be read", exc_info=True)
            return False

    async def _has_a_live_owner(self, tab: str) -> bool:
        redis, key = cast(Any, self.redis), self._get_redis_key(tab)
        record = await redis.get(key)
        if not record:
            return False
        # Written by Reflex, which also unpickles it.
        if await self._is_open(tab, pickle.loads(record).instance_id):  # noqa: S301
            return True
        await redis.eval(_DROP_IF, 1, key, record)
        return False

    async def _is_open(self, token: str, owner: str) -> bool:
        """Return True if the process that wrote the record of a tab still has the tab open."""
        if owner == self.instance_id:
            # If a tab was closed during a Redis outage, its record is still there.
            return token in self.token_to_socket
        [(_, listeners)] = await cast(Any, self.redis).pubsub_numsub(_presence(owner))
        return bool(listeners)

    async def _subscribe_socket_record_updates(self) -> None:
        await keep_listening(super()._subscribe_socket_record_updates, "tabs")

    async def _subscribe_lost_and_found_updates(self, emit_update: EmitUpdate) -> None:
        await keep_listening(lambda: self._listen_for_updates(emit_update), "updates of tabs elsewhere")

    async def _listen_for_updates(self, emit_update: EmitUpdate) -> None:
        # As in Reflex, with an additional subscription to a channel without messages, as proof of life.
        async with cast(Any, self.redis).pubsub() as subscription:
            await subscription.subscribe(_presence(self.instance_id))
            await subscription.psubscribe(f"channel:{self._get_lost_and_found_key(self.instance_id)}")
            async for message in subscription.listen():
                if message["type"] == "pmessage":
                    record = pickle.loads(message["data"])  # noqa: S301
                    await emit_update(record.update, record.token)


def _presence(instance_id: str) -> str:
    return f"tabs:alive:{instance_id}"


def steady_tabs(app: rx.App, redis: Any) -> None:
    """Replace Reflex's token manager, and the Redis client it uses, in an app that uses Redis."""
    sockets: Any = app.event_namespace
    plain = sockets._token_manager
    if isinstance(plain, RedisTokenManager):
        sockets._token_manager = SteadyTabs(redis)
