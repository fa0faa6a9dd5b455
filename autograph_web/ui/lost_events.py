"""Recovery from events that failed because Redis was away: their page reconnects and loads again.

A page waits for the answer to each event. If there will be none, its socket is closed after a moment, upon
which browsers reconnect; that repeats until Redis is back.
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from typing import Any, cast

from reflex_base.event.context import EventContext

from autograph_web.infra.redis.client import is_outage
from autograph_web.infra.telemetry.log_throttle import SHORT_S, LogThrottle

_logger = logging.getLogger(__name__)
_PAUSE_S = 2.0  # keeps pages from reconnecting in a tight loop while Redis is away


def _raised_at(exception: Exception) -> str:
    """Return the line of code that raised `exception`."""
    frames = traceback.extract_tb(exception.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else type(exception).__name__


class LostEvents:
    """Closes the sockets of pages that got no answer; for each tab once at a time."""

    def __init__(self, app: Callable[[], Any]) -> None:
        """Store `app`, which returns the app; the app is created after its exception handler."""
        self._app = app
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._log_throttle = LogThrottle(time.monotonic, SHORT_S)

    def __call__(self, exception: Exception) -> None:
        """Log a fault in an event handler; nothing is sent to the page, since handlers show failures."""
        if not is_outage(exception):
            # Throttled by place, since untrusted clients may be able to trigger it repeatedly.
            if self._log_throttle.allows(_raised_at(exception)):
                _logger.error("an event handler failed", exc_info=exception)
            return
        token = cast(Any, EventContext.get()).token
        if token in self._closing:
            return
        _logger.warning("an event was lost with Redis (%s); its page connects anew", type(exception).__name__)
        task = asyncio.get_running_loop().create_task(self._close(token))
        self._closing[token] = task
        task.add_done_callback(lambda _: self._closing.pop(token, None))

    async def _close(self, token: str) -> None:
        await asyncio.sleep(_PAUSE_S)
        app = self._app()
        record = app.event_namespace._token_manager.token_to_socket.get(token)
        if record is None or app.sio is None:
            return
        connection = app.sio.manager.eio_sid_from_sid(record.sid, app.event_namespace.namespace)
        if connection is not None:
            # The transport, not the namespace: browsers do not reconnect after a disconnect from the server.
            await app.sio.eio.disconnect(connection)
