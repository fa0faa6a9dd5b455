"""Who may open the websocket of a page, how often, and which parts of the handshake are passed on."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from starlette.types import Message, Receive, Scope, Send

from autograph_web.container import Services
from autograph_web.http.browsers import tab_name
from autograph_web.http.page_frames import Arguments
from autograph_web.http.pages import Pages
from autograph_web.http.websocket_guard import WebsocketGuard
from autograph_web.infra.ratelimit import bounds

pytestmark = pytest.mark.usefixtures("services")
HANDLERS = {"ours.load": Arguments(frozenset(), frozenset())}
BROWSER, OTHER = "a" * 43, "b" * 43
LOAD = '42/_event,["event",{"name":"ours.load"}]'


class Connection:
    """One connection: what the client sends, and what it receives."""

    def __init__(
        self,
        *frames: str | bytes,
        ip: str = "203.0.113.9",
        query: str = "",
        path: str = "/_event/",
        browser: str = BROWSER,
    ) -> None:
        self.told: list[Message] = []
        self._frames = [*frames]
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "client": (ip, 50_000),
            "query_string": (query or f"EIO=4&transport=websocket&token={uuid4()}").encode(),
            "headers": [(b"cookie", f"autograph_browser={browser}".encode())],
        }

    async def receive(self) -> Message:
        if not self._frames:
            return {"type": "websocket.disconnect"}
        frame = self._frames.pop(0)
        return {"type": "websocket.receive", "text" if isinstance(frame, str) else "bytes": frame}

    async def send(self, message: Message) -> None:
        self.told.append(message)

    @property
    def refused(self) -> bool:
        return [message["type"] for message in self.told] == ["websocket.close"]


class Inside:
    """A stand-in for the application behind the guard."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.heard: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        while (message := await receive())["type"] != "websocket.disconnect":
            self.heard.append(message)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def door(known: Mapping[str, bool] | None = None, now: Clock | None = None) -> tuple[WebsocketGuard, Inside]:
    async def is_known(tab: str) -> bool:
        return (known or {}).get(tab, known is None)

    inside = Inside()
    return WebsocketGuard(inside, HANDLERS, is_known, now or Clock()), inside


async def run(layer: WebsocketGuard, connection: Connection) -> Connection:
    await layer(connection.scope, connection.receive, connection.send)
    return connection


@pytest.mark.parametrize("path", ["/", "/_event/x", "/_eventx", "/login"])
async def test_there_is_one_websocket(path: str) -> None:
    layer, inside = door()

    assert (await run(layer, Connection(path=path))).refused
    assert inside.scopes == []


async def test_new_tabs_of_an_address_are_limited_and_known_ones_are_not() -> None:
    tab, now = str(uuid4()), Clock()
    layer, inside = door({tab_name({"autograph.browser": BROWSER}, tab): True}, now)
    outcomes = [(await run(layer, Connection())).refused for _ in range(bounds.TABS_AT_ONCE + 5)]

    assert outcomes == [False] * bounds.TABS_AT_ONCE + [True] * 5
    assert not (await run(layer, Connection(query=f"token={tab}"))).refused
    for other in (OTHER, "", "a" * 42):
        assert (await run(layer, Connection(query=f"token={tab}", browser=other))).refused
    assert not (await run(layer, Connection(ip="203.0.113.10"))).refused
    now.seconds += 10
    assert not (await run(layer, Connection())).refused
    assert len(inside.scopes) == bounds.TABS_AT_ONCE + 3


async def test_a_tab_has_one_name_in_each_browser_and_none_that_lasts_without_one() -> None:
    layer, inside = door()
    token = str(uuid4())
    browsers = [BROWSER, BROWSER, OTHER, "", "", "a" * 44, "a" * 42 + "!"]
    for browser in browsers:
        await run(layer, Connection(query=f"token={token}", browser=browser))
    await run(layer, Connection(browser=BROWSER))

    names = [tab_name(scope, token) for scope in inside.scopes]
    assert names[0] == names[1] == names[-1]
    assert len(set(names)) == len(browsers) - 1
    assert all(UUID(name).version == 4 and name != token for name in names)
    assert tab_name(inside.scopes[0], str(uuid4())) not in names


async def test_handshakes_of_an_address_are_limited_whatever_tab_they_name() -> None:
    layer, _ = door()
    allowed = bounds.ADDRESS_UNITS_AT_ONCE // bounds.HANDSHAKE_UNITS

    outcomes = [(await run(layer, Connection())).refused for _ in range(allowed + 1)]

    assert outcomes == [False] * allowed + [True]


async def test_open_websockets_without_a_session_are_few() -> None:
    gone = asyncio.Event()

    async def open_until_gone(scope: Scope, receive: Receive, send: Send) -> None:
        await gone.wait()

    layer = WebsocketGuard(open_until_gone, HANDLERS, None, Clock())
    tasks = [asyncio.create_task(run(layer, Connection())) for _ in range(bounds.MOST_STRANGE_WEBSOCKETS)]
    await asyncio.sleep(0)

    assert (await run(layer, Connection())).refused
    elsewhere = asyncio.create_task(run(layer, Connection(ip="203.0.113.10")))
    gone.set()
    assert not (await elsewhere).refused
    assert not any([(await task).refused for task in tasks])
    assert not (await run(layer, Connection())).refused


async def test_what_is_not_read_of_a_handshake_goes_no_further(services: Services) -> None:
    layer, inside = door()
    connection = Connection()
    connection.scope["headers"] = [
        (b"host", b"localhost"),
        (b"user-agent", b"u" * 9000),
        (b"x-filler", b"x" * 9000),
        (b"cookie", b"a=" + b"c" * 20_000),
        (b"accept-language", b"en"),
        (b"sec-websocket-protocol", b"0.10.1"),
    ]
    await run(layer, connection)

    assert dict(inside.scopes[0]["headers"]) == {
        b"host": b"localhost",
        b"user-agent": b"u" * 512,
        b"sec-websocket-protocol": b"0.10.1",
    }


async def test_what_pages_say_goes_on_and_the_rest_ends_the_connection() -> None:
    layer, inside = door()
    connection = await run(layer, Connection("3", LOAD, b"4", LOAD))

    assert [message["text"] for message in inside.heard][:1] == ["3"]
    assert len(inside.heard) == 2
    assert connection.told == [{"type": "websocket.close", "code": 1008}]


async def test_what_the_server_says_ends_with_its_goodbye() -> None:
    class Silent(Connection):
        async def receive(self) -> Message:
            return await asyncio.get_running_loop().create_future()

    async def says_goodbye(_scope: Scope, receive: Receive, send: Send) -> None:
        hearing = asyncio.create_task(cast(Any, receive()))
        await asyncio.sleep(0)
        for frame in ("2", "1", "2"):
            await send({"type": "websocket.send", "text": frame})
        assert (await hearing)["type"] == "websocket.disconnect"

    connection = await run(WebsocketGuard(says_goodbye, HANDLERS), Silent())

    assert [message.get("text") for message in connection.told] == ["2", "1", None]
    assert connection.told[-1]["type"] == "websocket.close"


async def test_unknown_events_are_dropped_and_then_end_the_connection() -> None:
    unknown = '42/_event,["event",{"name":"ours.other"}]'
    layer, inside = door()
    some = await run(layer, Connection(*[unknown] * bounds.MOST_REFUSED_EVENTS, LOAD))
    more = await run(layer, Connection(*[unknown] * (bounds.MOST_REFUSED_EVENTS + 1), LOAD))

    assert len(inside.heard) == 1
    assert some.told == []
    assert more.told == [{"type": "websocket.close", "code": 1008}]


async def test_too_many_events_end_the_connection() -> None:
    layer, inside = door()
    connection = await run(layer, Connection(*[LOAD] * (bounds.SOCKET_UNITS_AT_ONCE + 50)))

    assert connection.told == [{"type": "websocket.close", "code": 1013}]
    assert len(inside.heard) == bounds.SOCKET_UNITS_AT_ONCE


async def test_a_namespace_is_not_connected_again_and_again() -> None:
    layer, inside = door()
    await run(layer, Connection(*["40/_event,"] * 10))

    assert len(inside.heard) == bounds.MOST_CONNECTS


@pytest.mark.parametrize(
    "path",
    [
        "/_eventx/../dashboard.html",
        "/_events/../dashboard",
        "/_event.x/../dashboard",
        "/_event_/../dashboard",
    ],
)
async def test_what_only_begins_like_the_websocket_is_guarded(services: Services, path: str) -> None:
    reached: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])

    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    pages = Pages(inner, {"/dashboard": "dashboard.html"}, ["/dashboard"], [], {}, {})
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [],
        "query_string": b"",
    }
    await pages(scope, receive, send)

    assert reached == []
    assert answers[0]["status"] in (303, 404)
