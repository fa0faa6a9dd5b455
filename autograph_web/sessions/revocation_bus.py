"""Tells every worker at once which sessions have ended, so that their open pages can leave.

Only a wake-up: whoever hears it asks the services whether the session is over. So a message that is lost,
forged or told twice changes nothing but when a page notices.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from uuid import UUID

import structlog

from autograph_web.infra.background import end
from autograph_web.infra.redis.client import RedisClient, RedisDown

_CHANNEL = "session_ends"
# As many ids as fit well into one message of Redis.
_AT_ONCE = 500

_log = structlog.get_logger(__name__)
Told = Callable[[UUID], Awaitable[None]]


class RevocationBus:
    """Announces the ends of sessions, and hears those that any process announced."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def announce(self, session_ids: Iterable[UUID]) -> None:
        """Tell every worker that these sessions are over; never raises."""
        ids = [session_id.hex for session_id in session_ids]
        with suppress(RedisDown):  # the pages notice at their next event
            for start in range(0, len(ids), _AT_ONCE):
                await self._redis.publish(_CHANNEL, " ".join(ids[start : start + _AT_ONCE]))

    @asynccontextmanager
    async def heard_by(self, told: Told) -> AsyncGenerator[None]:
        """Call `told` for every announced session until the block ends; a process needs this once."""
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
                except Exception:  # noqa: BLE001  (whatever it was, the next session deserves to be heard of)
                    _log.exception("telling_of_ended_sessions_failed")


def _ids(message: bytes) -> list[UUID]:
    """Return the sessions a message names; what is no session id is left out."""
    found: list[UUID] = []
    for word in message.decode("ascii", "replace").split():
        with suppress(ValueError):
            found.append(UUID(hex=word))
    return found
