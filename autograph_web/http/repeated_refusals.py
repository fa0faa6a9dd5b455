"""The outermost middleware: rejects an address cheaply after it has been rejected repeatedly."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.http.client import address_of
from autograph_web.http.headers import SecurityHeaders
from autograph_web.http.problems import problem_response
from autograph_web.http.refusals import RefusalPages
from autograph_web.http.rejection_log import RejectionLog
from autograph_web.infra.errors import RateLimited
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit import bounds
from autograph_web.infra.ratelimit.token_bucket import TokenBuckets
from autograph_web.runtime import services

_PROBES = "/health/"
_REASON = "too_many_refusals"


class RepeatedRefusals:
    """Answers 429 (RFC 6585) before the request is read, once an address has exhausted its refusal budget.

    What counts is a request answered with 429, one whose client disconnected before it was processed, and a
    websocket that was not accepted. An address whose requests are served, however often, is never blocked
    here, and neither is a health probe.
    """

    def __init__(self, app: ASGIApp, now: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._budgets = TokenBuckets(now, bounds.REFUSALS_A_SECOND, bounds.REFUSALS_AT_ONCE)
        self._refused = RejectionLog()
        self._refusal = SecurityHeaders(RefusalPages(_too_many))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] == "lifespan" or scope["path"].startswith(_PROBES):
            await self._app(scope, receive, send)
            return
        # Determining the address costs more than everything else here, and is rarely needed.
        if not self._budgets.idle and self._budgets.is_spent(address := _address(scope)):
            self._refused.tell(_REASON, address)
            await self._refuse(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            if not begun:
                begun = True
                if _is_refusal(message):
                    self._budgets.take(_address(scope), 1)
            await send(message)

        await self._app(scope, receive, watched)
        if not begun:
            self._budgets.take(_address(scope), 1)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._refusal(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})


def _address(scope: Scope) -> str:
    return address_bucket(address_of(scope, services().settings))


def _is_refusal(message: Message) -> bool:
    if message["type"] == "http.response.start":
        return message["status"] == RateLimited.status
    return message["type"] == "websocket.close"


async def _too_many(scope: Scope, receive: Receive, send: Send) -> None:
    await problem_response(RateLimited(retry_after=1))(scope, receive, send)
