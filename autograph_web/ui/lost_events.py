"""What becomes of an event that failed because Redis was away: its page connects and reads everything anew.

A page waits for the answer to each event. Where there will be none, its socket is closed after a moment,
which browsers answer by connecting once more; that goes on until Redis is back.
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
_PAUSE_S = 2.0  # so that pages do not come back in a tight circle while Redis is away


def _raised_at(exception: Exception) -> str:
    """Return which line of the program raised `exception`."""
    frames = traceback.extract_tb(exception.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else type(exception).__name__


class LostEvents:
    """Closes the sockets of pages that were left without an answer; each tab's once at a time."""

    def __init__(self, app: Callable[[], Any]) -> None:
        """Remember how to get at the app, which is made after its handler of exceptions."""
        self._app = app
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._log_throttle = LogThrottle(time.monotonic, SHORT_S)

    def __call__(self, exception: Exception) -> None:
        """Log a fault in an event handler; handlers show their own failures, so nothing goes to the page."""
        if not is_outage(exception):
            # Once in a while for each place: a stranger may be able to cause it again and again.
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
            # The transport and not the namespace: whom the server tells to go, a browser does not come back.
            await app.sio.eio.disconnect(connection)
