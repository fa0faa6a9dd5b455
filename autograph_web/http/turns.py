"""The layer in which the requests of one address take turns: many of one do not keep others waiting."""

import asyncio
from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.core.addresses import address_bucket
from autograph_web.core.bounds import MOST_REQUESTS_AT_WORK, MOST_REQUESTS_WAITING
from autograph_web.core.errors import RateLimited
from autograph_web.http.client import address_of
from autograph_web.http.problems import problem_response
from autograph_web.http.refused import Refused
from autograph_web.runtime import services


class Turns:
    """Works on a few requests of an address at a time; its others wait in the order in which they came.

    A worker has one processor, so an address that asks much is served no slower for it: it only decides who
    is next. A request is worked on from when its body has arrived until its response begins.
    """

    def __init__(self, app: ASGIApp, at_work: int = MOST_REQUESTS_AT_WORK) -> None:
        self._app, self._most = app, at_work
        self._addresses: dict[str, _Address] = {}
        self._refused = Refused()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request when it is its turn; anything else at once."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = address_bucket(address_of(scope, services().settings))
        address = self._addresses.setdefault(name, _Address())
        if len(address.waiting) >= MOST_REQUESTS_WAITING:
            self._refused.tell("too_many_requests", name)
            await problem_response(RateLimited(retry_after=1))(scope, receive, send)
            return
        await self._turn_of(address)
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            if not begun:
                begun = True
                self._end(name, address)
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            if not begun:
                self._end(name, address)

    async def _turn_of(self, address: "_Address") -> None:
        if address.at_work < self._most:
            address.at_work += 1
            return
        turn = asyncio.get_running_loop().create_future()
        address.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                address.waiting.remove(turn)
            else:
                self._pass_on(address)
            raise

    def _end(self, name: str, address: "_Address") -> None:
        self._pass_on(address)
        if not address.at_work:
            self._addresses.pop(name, None)

    def _pass_on(self, address: "_Address") -> None:
        """Give the turn that ends to the request that has waited longest."""
        while address.waiting:
            turn = address.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        address.at_work -= 1


class _Address:
    """The requests of one address."""

    def __init__(self) -> None:
        self.at_work = 0
        self.waiting = deque[asyncio.Future[None]]()
