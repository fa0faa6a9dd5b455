"""Keeps one visitor's page from being sent to the next.

Reflex keeps the vars of a browser tab on the server and sends them all again whenever the tab connects,
before any handler has run. The token that names the tab is no credential, and the person at the keyboard
may have changed, so what is sent again is decided here first.
"""

import reflex as rx
from reflex.app import App
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event

from autograph_web.core.errors import DomainError
from autograph_web.ui import guard


class Private(rx.State, mixin=True):
    """Mixin for a state whose vars belong to one session and to nobody else."""

    # The session that loaded the vars; empty while nothing is loaded.
    _owner: str = ""


class FreshSnapshot(Middleware):
    """Resets vars that the connecting client may not see, before Reflex sends its snapshot."""

    def __init__(self, transient: tuple[type[rx.State], ...], private: tuple[type[Private], ...]) -> None:
        self._transient = transient
        self._private = private

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Reset what must not be shown when `event` is the one that a (re)connecting client sends."""
        if not event.name.endswith((".hydrate_and_load", ".hydrate")):
            return None
        # Reflex sends `hashes` only on the first connection of a page load, not when one is mended.
        if event.payload.get("hashes") is not None:
            await self._reset(state, self._transient)
        await self._reset_foreign(state)
        return None

    async def _reset_foreign(self, state: BaseState) -> None:
        for kind in self._private:
            private = await state.get_state(kind)
            owner = private._owner  # pyright: ignore[reportPrivateUsage]  (private to browsers, not to us)
            if owner and owner != await self._session(state):
                private.reset()

    @staticmethod
    async def _reset(state: BaseState, kinds: tuple[type[rx.State], ...]) -> None:
        for kind in kinds:
            (await state.get_state(kind)).reset()

    @staticmethod
    async def _session(state: BaseState) -> str:
        try:
            return str((await guard.viewer_of(state.router)).session_id)
        except DomainError:
            return ""
