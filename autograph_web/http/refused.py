"""How a layer tells that it refused a request for what one address takes."""

import time

import structlog

from autograph_web.infra.ratelimit.limiter import note_refusal
from autograph_web.infra.telemetry.log_throttle import SHORT_S, LogThrottle

_log = structlog.get_logger(__name__)


class Refused:
    """Counts each refusal, and logs one line in ten seconds for each reason."""

    def __init__(self) -> None:
        self._seldom = LogThrottle(time.monotonic, SHORT_S)

    def tell(self, reason: str, address: str) -> None:
        """Note that a request of `address` was refused; `reason` is a word of ours."""
        note_refusal(reason)
        if self._seldom.allows(reason):
            _log.warning("request_refused", reason=reason, address=address)
