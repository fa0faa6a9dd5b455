"""Binds each tab to its browser: Reflex stores its state under a name derived from the browser's cookie.

Reflex 0.10.1 finds the state by the token in the websocket URL; here it finds it by that name instead
(`http/browsers.py`). A duplicated tab has the same token as the original: the copy is given a new one here,
because Reflex would otherwise assign a name as the token.

Upstream: https://github.com/reflex-dev/reflex/issues/6252 asks what the token of a tab is to be.
"""

import asyncio
from typing import Any

import reflex as rx

from autograph_web.http.browsers import tab_name
from autograph_web.infra.randomness import random_uuid
from autograph_web.reflex_patches.tabs import SteadyTabs
from autograph_web.runtime import services

_LEAVING_S, _LOOK_AGAIN_S = 0.5, 0.05
_NEW_TOKEN = "new_token"  # noqa: S105  (the name of an event of Reflex)


def bind_tabs(app: rx.App) -> None:
    """Restrict every connection to `app` to the tabs of its own browser."""
    namespace: Any = app.event_namespace
    link = namespace.link_token_to_sid

    async def linked(sid: str, token: str, **more: Any) -> None:
        scope = namespace.app.sio.get_environ(sid, namespace.namespace)["asgi.scope"]
        name = tab_name(scope, token)
        tabs = namespace._token_manager
        if isinstance(tabs, SteadyTabs) and await _is_copy(tabs, name):
            token = str(random_uuid(services().randomness))
            await namespace.emit(_NEW_TOKEN, token, to=sid)
            name = tab_name(scope, token)
        await link(sid, name, **more)

    namespace.link_token_to_sid = linked


async def _is_copy(tabs: SteadyTabs, name: str) -> bool:
    """Return True if this tab is already open in another page.

    A reloaded page may connect before its previous connection is closed, perhaps at another worker.
    """
    clock = asyncio.get_running_loop().time
    patience_ends = clock() + _LEAVING_S
    while await tabs.is_taken(name):
        if clock() >= patience_ends:
            return True
        await asyncio.sleep(_LOOK_AGAIN_S)
    return False
