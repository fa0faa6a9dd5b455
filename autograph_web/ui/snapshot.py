"""Keeps one visitor's page from being sent to the next.

Reflex keeps the vars of a browser tab on the server and sends them all again whenever the tab connects,
before any handler has run. The token that names the tab is no credential, and the person at the keyboard
may have changed, so what is sent again is decided here first.
"""

from collections.abc import Mapping
from typing import Any, cast

import reflex as rx
from reflex.app import App
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event

from autograph_web.infra.errors import DomainError
from autograph_web.ui import guard


class Private(rx.State, mixin=True):
    """Mixin for a state whose vars belong to one session, or one link, and to nobody else."""

    # What the vars were loaded for; empty while nothing is loaded.
    _owner: str = ""

    async def _bearer(self) -> str:
        """Return what the connection carries now, to be compared with `_owner`."""
        try:
            return str((await guard.viewer_of(self.router)).session_id)
        except DomainError:
            return ""


class FreshSnapshot(Middleware):
    """Resets vars that the connecting client may not see, before Reflex sends its snapshot.

    Every one of `states` starts afresh with each full page load; those that are Private also when a mended
    connection no longer carries the session or the link they were loaded for. And whoever names a tab of
    somebody else finds its Private vars empty, whatever handler they call.
    """

    def __init__(self, *states: type[rx.State]) -> None:
        self._states = states
        self._private = {kind.get_full_name(): kind for kind in states if issubclass(kind, Private)}

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Reset what whoever sends `event` must not see."""
        if not is_connecting(event):
            await self._keep_from_others(state, event.name.rpartition(".")[0])
            return None
        # Reflex sends `hashes` only on the first connection of a page load, not when one is mended.
        new_page = event.payload.get("hashes") is not None
        for kind in self._states:
            held = await state.get_state(kind)
            if (new_page or (isinstance(held, Private) and await _is_foreign(held))) and _holds(held):
                held.reset()
        return None

    async def _keep_from_others(self, state: BaseState, name: str) -> None:
        kind = self._private.get(name)
        held = await state.get_state(kind) if kind is not None else None
        # Who carries nothing any more keeps the page until its handler has said that the session is over.
        if isinstance(held, Private) and await _bearer(held) and await _is_foreign(held):
            held.reset()


def is_connecting(event: Event) -> bool:
    """Return True if `event` is the one that a (re)connecting client sends."""
    return event.name.endswith((".hydrate_and_load", ".hydrate"))


def _holds(held: BaseState) -> bool:
    """Return True if any var differs from what it begins as; one that is reset is kept in Redis anew."""
    fields: Mapping[str, Any] = cast(Any, type(held)).get_fields()
    values = vars(held)
    return any(name in values and values[name] != field.default_value() for name, field in fields.items())


async def _is_foreign(held: Private) -> bool:
    # Private to browsers, not to us.
    owner = held._owner  # pyright: ignore[reportPrivateUsage]
    return bool(owner) and owner != await _bearer(held)


async def _bearer(held: Private) -> str:
    return await held._bearer()  # pyright: ignore[reportPrivateUsage]
