"""Makes the open pages of an ended session leave at once, over their existing websocket.

Every account page is in the Socket.IO room of its session, which a connection leaves automatically when it
closes. When the session ends, its pages are sent an event that calls their own `recheck_session`: an ordinary
event, in which the page authenticates its cookie again (docs/decisions/0018).
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from reflex.app import App
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.constants import SocketEvent
from reflex_base.event import Event

from autograph_web.infra.errors import DomainError
from autograph_web.sessions.revocation_bus import Told
from autograph_web.ui import guard
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.snapshot import is_connecting


class SessionRoomMiddleware(Middleware):
    """Puts each page that connects into the room of its session.

    `pages` has the state of each page by its path.
    """

    def __init__(self, pages: Mapping[str, type[AccountPage]]) -> None:
        self._pages = pages

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Join before the page loads, so that no end of the session is missed in between."""
        page = self._pages.get(state.router.url.path.rstrip("/")) if is_connecting(event) else None
        if page is None:
            return None
        with suppress(DomainError, ValueError, KeyError):  # no user is signed in, or the tab is gone already
            principal = await guard.authenticate(state.router)
            sockets = cast(Any, app.event_namespace)
            await sockets.enter_room(state.router.session.session_id, _room(principal.session_id, page))
        return None


def session_end_listener(app: App, pages: Collection[type[AccountPage]]) -> Told:
    """Return a callback that notifies the pages of a session that are connected to this process."""

    async def notify(session_id: UUID) -> None:
        sockets = cast(Any, app.event_namespace)
        for page in pages:
            update = StateUpdate(events=[Event(f"{page.get_full_name()}.recheck_session")])
            await sockets.emit(str(SocketEvent.EVENT), update, room=_room(session_id, page))

    return notify


def _room(session_id: UUID, page: type[AccountPage]) -> str:
    return f"session:{session_id.hex}:{page.get_full_name()}"
