"""The event handlers that pages may call: ours, and the two of Reflex that hydrate a page.

Reflex registers more: setters for every state, one that logs errors reported by the page after matching them
against patterns with quadratic run time, one that stores the browser's storage in a state. No page of ours
needs them, so clients cannot call them (`http/websocket_guard.py`).
"""

from inspect import Parameter, signature
from typing import Any

from reflex_base.registry import RegistrationContext

from autograph_web.http.page_frames import Arguments

_OURS = "autograph_web."
_REFLEX = (
    "reflex___state____state.hydrate_and_load",
    "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal",
)
# Reflex adds one to every state.
_SETTER = "setvar"


def page_handlers() -> dict[str, Arguments]:
    """Return the handlers that pages may call by their full names; requires that every page is registered."""
    registered = RegistrationContext.get().event_handlers
    return {
        name: _arguments(one.handler.fn)
        for name, one in registered.items()
        if name in _REFLEX
        or (one.states[0].__module__.startswith(_OURS) and not name.endswith(f".{_SETTER}"))
    }


def _arguments(handler: Any) -> Arguments:
    _state, *parameters = signature(handler).parameters.values()
    names = frozenset(one.name for one in parameters)
    return Arguments(names, frozenset(one.name for one in parameters if one.default is Parameter.empty))
