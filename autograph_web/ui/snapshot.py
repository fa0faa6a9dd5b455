"""Keeps the vars of one user from being sent to the next.

Reflex keeps the vars of a browser tab on the server and sends them all again whenever the tab connects,
before any handler has run. The token that names the tab is no credential, and another user may be at the
browser by now, so what may be sent again is decided here first.
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


class ScopedState(rx.State, mixin=True):
    """Mixin for a state whose vars belong to one session, or to one link."""

    # What the vars were loaded for; empty while nothing is loaded.
    _scope: str = ""

    async def _current_scope(self) -> str:
        """Return the scope of the connection now, to be compared with `_scope`."""
        try:
            return str((await guard.authenticate(self.router)).session_id)
        except DomainError:
            return ""


class FreshSnapshot(Middleware):
    """Resets vars that the connecting client may not see, before Reflex sends its snapshot.

    All of `states` are reset with each full page load; those that are `ScopedState` also on a reconnect that
    no longer carries the session or the link they were loaded for. A client that names the tab of another
    user finds its scoped vars empty, whatever handler it calls.
    """

    def __init__(self, *states: type[rx.State]) -> None:
        self._states = states
        self._private = {
            state_type.get_full_name(): state_type
            for state_type in states
            if issubclass(state_type, ScopedState)
        }

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Reset the vars that the sender of `event` must not see."""
        if not is_connecting(event):
            await self._reset_for_others(state, event.name.rpartition(".")[0])
            return None
        # Reflex sends `hashes` only on the first connection of a page load, not on a reconnect.
        new_page = event.payload.get("hashes") is not None
        for state_type in self._states:
            page_state = await state.get_state(state_type)
            if (
                new_page or (isinstance(page_state, ScopedState) and await _is_out_of_scope(page_state))
            ) and _has_changed(page_state):
                page_state.reset()
        return None

    async def _reset_for_others(self, state: BaseState, name: str) -> None:
        state_type = self._private.get(name)
        page_state = await state.get_state(state_type) if state_type is not None else None
        # Without any scope the page keeps its vars until its handler has reported the end of the session.
        if (
            isinstance(page_state, ScopedState)
            and await _current_scope(page_state)
            and await _is_out_of_scope(page_state)
        ):
            page_state.reset()


def is_connecting(event: Event) -> bool:
    """Return True if `event` is the one that a (re)connecting client sends."""
    return event.name.endswith((".hydrate_and_load", ".hydrate"))


def _has_changed(page_state: BaseState) -> bool:
    """Return True if any var differs from its default; a reset state would be written to Redis again."""
    fields: Mapping[str, Any] = cast(Any, type(page_state)).get_fields()
    values = vars(page_state)
    return any(name in values and values[name] != field.default_value() for name, field in fields.items())


async def _is_out_of_scope(page_state: ScopedState) -> bool:
    # Private to browsers, not to this module.
    owner = page_state._scope  # pyright: ignore[reportPrivateUsage]
    return bool(owner) and owner != await _current_scope(page_state)


async def _current_scope(page_state: ScopedState) -> str:
    return await page_state._current_scope()  # pyright: ignore[reportPrivateUsage]
