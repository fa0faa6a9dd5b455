"""Requests from one address take turns: many from one address do not delay those from another."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from autograph_web.http.fair_queue import FairQueue
from autograph_web.infra.ratelimit.bounds import MOST_REQUESTS_AT_WORK, MOST_REQUESTS_WAITING

pytestmark = pytest.mark.usefixtures("services")
MANY, ONE = "203.0.113.9", "203.0.113.10"


class Work:
    """An app whose requests take as long as the test makes them."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.bodies: list[bytes] = []
        self.may_end = asyncio.Event()
        self.stream = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun.append(scope["path"])
        self.bodies.append((await receive())["body"])
        await self.may_end.wait()
        if scope["path"] == "/broken":
            raise RuntimeError("a fault")
        await PlainTextResponse("done")(scope, receive, send)
        await self.stream.wait()


class Crowd:
    """Sends requests to a layer and records the responses."""

    def __init__(self) -> None:
        self.work = Work()
        self.layer = FairQueue(self.work)
        self.statuses: list[int] = []
        self._running: set[asyncio.Task[None]] = set()

    def ask(self, ip: str, path: str = "/login", gone: asyncio.Event | None = None) -> asyncio.Task[None]:
        scope: Scope = {"type": "http", "method": "POST", "path": path, "headers": [], "client": (ip, 1)}
        task = asyncio.create_task(self.layer(scope, _client(path, gone or asyncio.Event()), self._send))
        self._running.add(task)
        return task

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def end(self) -> None:
        self.work.may_end.set()
        self.work.stream.set()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])


def _client(body: str, gone: asyncio.Event) -> Receive:
    """Return what a server delivers of a request: its body, and then that the client has disconnected."""
    messages: list[Message] = [{"type": "http.request", "body": body.encode(), "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    return receive


async def test_an_address_has_a_few_in_work_and_another_is_not_kept_waiting() -> None:
    crowd = Crowd()
    for number in range(50):
        crowd.ask(MANY, f"/{number}")
    await crowd.settle()
    assert crowd.work.begun == [f"/{number}" for number in range(MOST_REQUESTS_AT_WORK)]
    crowd.ask(ONE, "/another")
    await crowd.settle()
    assert crowd.work.begun[-1] == "/another"

    await crowd.end()
    assert crowd.statuses == [200] * 51
    in_order = [path for path in crowd.work.begun if path != "/another"]
    assert in_order == [f"/{number}" for number in range(50)]
    assert sorted(crowd.work.bodies) == sorted(path.encode() for path in crowd.work.begun)


async def test_a_response_that_has_begun_keeps_nobody_waiting() -> None:
    crowd = Crowd()
    crowd.work.may_end.set()
    for _ in range(10):
        crowd.ask(MANY)
    await crowd.settle()
    # All are answered, though each is still sending.
    assert len(crowd.statuses) == 10
    await crowd.end()


async def test_faults_and_those_who_give_up_pass_their_turn_on() -> None:
    crowd = Crowd()
    working = [crowd.ask(MANY, "/broken") for _ in range(MOST_REQUESTS_AT_WORK)]
    waiting = [crowd.ask(MANY, f"/{number}") for number in range(6)]
    await crowd.settle()
    gone = (working[0], waiting[0], waiting[3])
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    await crowd.end()

    assert sorted(crowd.work.begun[MOST_REQUESTS_AT_WORK:]) == ["/1", "/2", "/4", "/5"]
    assert crowd.statuses == [200] * 4
    # An address without open requests is forgotten, and its next request is handled at once.
    crowd.work.begun.clear()
    crowd.ask(MANY, "/next")
    await crowd.end()
    assert crowd.work.begun == ["/next"]


async def test_one_that_gives_up_as_a_turn_is_passed_on_is_only_cancelled() -> None:
    crowd = Crowd()
    for number in range(MOST_REQUESTS_AT_WORK):
        crowd.ask(MANY, f"/{number}")
    waiting = crowd.ask(MANY, "/waiting")
    await crowd.settle()
    crowd.work.may_end.set()
    waiting.cancel()
    [end] = await asyncio.gather(waiting, return_exceptions=True)
    assert isinstance(end, asyncio.CancelledError)
    await crowd.end()
    assert crowd.statuses == [200] * MOST_REQUESTS_AT_WORK


async def test_a_request_whose_client_has_gone_before_its_turn_is_not_worked_on() -> None:
    crowd, gone = Crowd(), asyncio.Event()
    for number in range(MOST_REQUESTS_AT_WORK):
        crowd.ask(MANY, f"/working-{number}", gone)
    for number in range(20):
        crowd.ask(MANY, f"/left-{number}", gone)
    crowd.ask(MANY, "/patient")
    await crowd.settle()
    gone.set()
    await crowd.settle()
    await crowd.end()
    assert crowd.work.begun[MOST_REQUESTS_AT_WORK:] == ["/patient"]
    assert crowd.statuses == [200] * (MOST_REQUESTS_AT_WORK + 1)


async def test_a_request_that_waited_still_learns_that_its_client_goes() -> None:
    learned: list[str] = []
    turn = asyncio.Event()

    async def watches(scope: Scope, receive: Receive, send: Send) -> None:
        await turn.wait()
        learned.extend([(await receive())["type"], (await receive())["type"], (await receive())["type"]])

    crowd, gone = Crowd(), asyncio.Event()
    crowd.layer = FairQueue(watches, at_work=1)
    crowd.ask(MANY, "/working", gone)
    crowd.ask(MANY, "/waiting", leaves := asyncio.Event())
    turn.set()
    gone.set()
    await crowd.settle()
    leaves.set()
    await crowd.end()
    assert learned == ["http.request", "http.disconnect", "http.disconnect"] * 2


async def test_more_than_may_wait_are_told_to_come_back() -> None:
    crowd = Crowd()
    for _ in range(MOST_REQUESTS_AT_WORK + MOST_REQUESTS_WAITING + 3):
        crowd.ask(MANY)
    await crowd.settle()
    assert crowd.statuses == [429] * 3
    await crowd.end()
    assert crowd.statuses.count(200) == MOST_REQUESTS_AT_WORK + MOST_REQUESTS_WAITING
