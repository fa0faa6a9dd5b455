"""A tab is its browser's: Reflex keeps its state under a name that takes the browser's cookie to find.

What Reflex 0.10.1 does with the token of a websocket's address, it then does with that name
(`http/browsers.py`). Where a tab was duplicated, both have the token: the copy is given another one here, as
Reflex would give it a name for a token.

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
_NEW_TOKEN = "new_token"  # noqa: S105  (the name of Reflex' event)


def bind_tabs(app: rx.App) -> None:
    """Have every connection to `app` find the tabs of its own browser alone."""
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
    """Return True if another page is open as this tab.

    A page that is loaded again may be here before the connection it had is taken down, at another worker.
    """
    clock = asyncio.get_running_loop().time
    patience_ends = clock() + _LEAVING_S
    while await tabs.is_taken(name):
        if clock() >= patience_ends:
            return True
        await asyncio.sleep(_LOOK_AGAIN_S)
    return False
