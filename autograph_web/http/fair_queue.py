"""Middleware for fair scheduling: many requests of one address do not delay those of others."""

import asyncio
from collections import deque
from typing import Self

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.http.client import address_of
from autograph_web.http.problems import problem_response
from autograph_web.http.rejection_log import RejectionLog
from autograph_web.infra.errors import RateLimited
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.bounds import MOST_REQUESTS_AT_WORK, MOST_REQUESTS_WAITING
from autograph_web.runtime import services


class FairQueue:
    """Processes a few requests of an address at a time; its others wait in order of arrival.

    A worker has one processor, so an address with many requests is not served more slowly: only the order
    changes. A request is in process from the arrival of its body until its response begins; one whose client
    disconnects while it waits is not processed at all.
    """

    def __init__(self, app: ASGIApp, at_work: int = MOST_REQUESTS_AT_WORK) -> None:
        self._app, self._most = app, at_work
        self._addresses: dict[str, _Address] = {}
        self._refused = RejectionLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request when it is its turn; other connections run immediately."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = address_bucket(address_of(scope, services().settings))
        address = self._addresses.setdefault(name, _Address())
        if len(address.waiting) >= MOST_REQUESTS_WAITING:
            self._refused.tell("too_many_requests", name)
            await problem_response(RateLimited(retry_after=1))(scope, receive, send)
            return
        if address.at_work < self._most:
            address.at_work += 1
            await self._work(name, address, scope, receive, send)
            return
        async with _Waiting(receive) as client:
            await self._turn_of(name, address)
            if client.is_gone:
                self._end(name, address)
            else:
                await self._work(name, address, scope, client.receive, send)

    async def _work(self, name: str, address: "_Address", scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request whose turn it is, and end its turn when the response begins."""
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

    async def _turn_of(self, name: str, address: "_Address") -> None:
        turn = asyncio.get_running_loop().create_future()
        address.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was given the turn while it was being cancelled
                self._end(name, address)
            elif turn in address.waiting:  # a turn that was passed on meanwhile has removed it
                address.waiting.remove(turn)
            raise

    def _end(self, name: str, address: "_Address") -> None:
        self._pass_on(address)
        if not address.at_work:
            self._addresses.pop(name, None)

    def _pass_on(self, address: "_Address") -> None:
        """Pass the turn that ends to the request that has waited longest."""
        while address.waiting:
            turn = address.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        address.at_work -= 1


class _Address:
    """The requests of one address that are in process or waiting."""

    def __init__(self) -> None:
        self.at_work = 0
        self.waiting = deque[asyncio.Future[None]]()


class _Waiting:
    """Buffers what a client sends while its request waits, which shows whether it is still connected."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self.is_gone = receive, False
        self._messages = asyncio.Queue[Message]()

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()

    async def receive(self) -> Message:
        """Return the next message, from the buffer or from the client."""
        if self._messages.empty() and self._watching.done():
            return await self._receive()
        return await self._messages.get()

    async def _watch(self) -> None:
        first = await self._read()
        if not self.is_gone and not first.get("more_body"):  # the rest of a body is not buffered
            await self._read()

    async def _read(self) -> Message:
        message = await self._receive()
        self.is_gone = message["type"] == "http.disconnect"
        self._messages.put_nowait(message)
        return message
