"""Which pages can be notified when their session ends, and that a closed page leaves nothing behind."""

import json
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
import socketio
from reflex.utils import format as reflex_format

from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.app import ACCOUNT_PAGES
from autograph_web.ui.routes import ROUTES, Route
from autograph_web.ui.session_rooms import session_end_listener

SPACE = "/_event"
DASHBOARD = next(page for route, page in ACCOUNT_PAGES.items() if route.path == "/dashboard")


def test_every_protected_page_can_be_woken() -> None:
    assert set(ACCOUNT_PAGES) == {route for route in ROUTES if route.protected}


@pytest.mark.parametrize(("route", "page"), ACCOUNT_PAGES.items())
def test_a_page_that_leaves_knows_where_it_was(route: Route, page: type[AccountPage]) -> None:
    assert cast(Any, page)._route is route
    assert "recheck_session" in page.event_handlers


class FakeApp:
    """The part of an app that `session_end_listener` needs, with the real rooms of Socket.IO."""

    def __init__(self) -> None:
        spelled = SimpleNamespace(dumps=cast(Any, reflex_format).json_dumps, loads=json.loads)
        server = cast(Any, socketio).AsyncServer(async_mode="asgi", json=spelled)
        self.event_namespace: Any = cast(Any, socketio).AsyncNamespace(SPACE)
        server.register_namespace(self.event_namespace)
        server._send_eio_packet = self._note
        self.manager: Any = server.manager
        self.sent: list[Any] = []

    async def connect(self, room: str) -> str:
        sid = str(await self.manager.connect(str(uuid4()), SPACE))
        await self.event_namespace.enter_room(sid, room)
        return sid

    async def _note(self, _connection: str, packet: Any) -> None:
        self.sent.append(json.loads(packet.data.partition(",")[2]))


async def test_only_the_room_of_the_session_is_told_and_a_closed_page_leaves_it() -> None:
    app, session, handler = FakeApp(), uuid4(), f"{DASHBOARD.get_full_name()}.recheck_session"
    notify = session_end_listener(cast(Any, app), ACCOUNT_PAGES.values())
    room = f"session:{session.hex}:{DASHBOARD.get_full_name()}"
    mine, other = await app.connect(room), await app.connect(room.replace(session.hex, uuid4().hex))
    await notify(session)
    [[name, update]] = app.sent
    assert (name, [event["name"] for event in update["events"]]) == ("event", [handler])
    assert not update.get("delta")

    await app.manager.disconnect(mine, SPACE)
    await notify(session)
    assert len(app.sent) == 1
    assert room not in app.manager.rooms[SPACE]
    await app.manager.disconnect(other, SPACE)
    assert app.manager.rooms == {}


async def test_without_open_pages_nothing_is_sent() -> None:
    app = FakeApp()
    await session_end_listener(cast(Any, app), ACCOUNT_PAGES.values())(uuid4())
    assert app.sent == []
