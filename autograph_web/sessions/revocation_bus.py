"""Notifies every worker immediately which sessions have ended, so that their open pages can navigate away.

A message is only a wake-up: the receiver asks the services whether the session has ended. A message that is
lost, forged or delivered twice therefore affects only when a page notices.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from uuid import UUID

import structlog

from autograph_web.infra.background import end
from autograph_web.infra.redis.client import RedisClient, RedisDown

_CHANNEL = "session_ends"
# As many ids as fit comfortably into one Redis message.
_AT_ONCE = 500

_log = structlog.get_logger(__name__)
Told = Callable[[UUID], Awaitable[None]]


class RevocationBus:
    """Publishes the ends of sessions, and subscribes to those that any process published."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def announce(self, session_ids: Iterable[UUID]) -> None:
        """Notify every worker that these sessions have ended; never raises."""
        ids = [session_id.hex for session_id in session_ids]
        with suppress(RedisDown):  # the pages notice at their next event
            for start in range(0, len(ids), _AT_ONCE):
                await self._redis.publish(_CHANNEL, " ".join(ids[start : start + _AT_ONCE]))

    @asynccontextmanager
    async def heard_by(self, told: Told) -> AsyncGenerator[None]:
        """Call `told` for every announced session until the block ends; needed once per process."""
        task = asyncio.create_task(self._listen(told))
        try:
            yield
        finally:
            await end([task])

    async def _listen(self, told: Told) -> None:
        async with aclosing(self._redis.listen(_CHANNEL)) as messages:
            async for message in messages:
                try:
                    for session_id in _ids(message):
                        await told(session_id)
                except Exception:  # noqa: BLE001  (a failing callback must not stop later notifications)
                    _log.exception("telling_of_ended_sessions_failed")


def _ids(message: bytes) -> list[UUID]:
    """Return the sessions that a message names; words that are not session ids are ignored."""
    found: list[UUID] = []
    for word in message.decode("ascii", "replace").split():
        with suppress(ValueError):
            found.append(UUID(hex=word))
    return found
