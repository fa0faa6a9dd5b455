"""Which pages can be woken when their session ends, and what a closed page leaves behind."""

from typing import Any, cast
from uuid import uuid4

import pytest
import socketio
from reflex.event import Event

from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.app import ACCOUNT_PAGES
from autograph_web.ui.routes import ROUTES, Route
from autograph_web.ui.wake import waker

SPACE = "/_event"
DASHBOARD = next(page for route, page in ACCOUNT_PAGES.items() if route.path == "/dashboard")


def test_every_protected_page_can_be_woken() -> None:
    assert set(ACCOUNT_PAGES) == {route for route in ROUTES if route.protected}


@pytest.mark.parametrize(("route", "page"), ACCOUNT_PAGES.items())
def test_a_page_that_leaves_knows_where_it_was(route: Route, page: type[AccountPage]) -> None:
    assert cast(Any, page)._here is route
    assert "look_again" in page.event_handlers


class FakeApp:
    """What `waker` needs of an app, with the real rooms of Socket.IO."""

    def __init__(self) -> None:
        self.server = socketio.AsyncServer(async_mode="asgi")
        self.event_namespace = socketio.AsyncNamespace(SPACE)
        self.server.register_namespace(self.event_namespace)
        self.sent: list[tuple[str, Any]] = []
        cast(Any, self.server)._send_packet = self._note

    async def connect(self, room: str) -> str:
        sid: str = await self.server.manager.connect(str(uuid4()), SPACE)
        await self.event_namespace.enter_room(sid, room)
        return sid

    async def _note(self, _eio_sid: str, packet: Any) -> None:
        self.sent.append(packet.data)


async def test_only_the_room_of_the_session_is_told_and_a_closed_page_leaves_it() -> None:
    app, session = FakeApp(), uuid4()
    wake = waker(cast(Any, app), ACCOUNT_PAGES.values())
    before = dict(app.server.manager.rooms)
    room = f"session:{session.hex}:{DASHBOARD.get_full_name()}"
    mine, _other = await app.connect(room), await app.connect(room.replace(session.hex, uuid4().hex))
    await wake(session)
    [[name, update]] = app.sent
    assert name == "event"
    assert update.events == [Event(name=f"{DASHBOARD.get_full_name()}.look_again")]
    assert update.delta == {}

    await app.server.manager.disconnect(mine, SPACE)
    await wake(session)
    assert len(app.sent) == 1
    assert room not in app.server.manager.rooms[SPACE]
    await app.server.manager.disconnect(_other, SPACE)
    assert app.server.manager.rooms == before
