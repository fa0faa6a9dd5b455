"""Metrics and log lines for requests rejected because their address uses too many resources."""

import time

import structlog

from autograph_web.infra.ratelimit.limiter import note_refusal
from autograph_web.infra.telemetry.log_throttle import SHORT_S, LogThrottle

_log = structlog.get_logger(__name__)


class RejectionLog:
    """Counts each rejection, and logs at most one line in ten seconds for each reason."""

    def __init__(self) -> None:
        self._seldom = LogThrottle(time.monotonic, SHORT_S)

    def tell(self, reason: str, address: str) -> None:
        """Record that a request from `address` was rejected; `reason` is a fixed name."""
        note_refusal(reason)
        if self._seldom.allows(reason):
            _log.warning("request_refused", reason=reason, address=address)
