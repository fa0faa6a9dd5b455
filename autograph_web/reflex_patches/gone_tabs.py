"""The state of a closed tab in Redis: how long it is kept, and whether a tab is known.

Reflex 0.10.1 keeps the state of a tab for an hour after its last event. For a closed tab this is longer than
users need to return, unless they are signed in; and any client may open an unlimited number of tabs.

Upstream: https://github.com/reflex-dev/reflex/issues/5669 asks for a public way to hear that a tab has gone.
"""

import asyncio
import logging
from typing import Any, cast

import reflex as rx
from reflex.istate.manager.redis import StateManagerRedis
from reflex.istate.manager.token import BaseStateToken
from reflex.state import BaseState, State

from autograph_web.http.websocket_guard import is_signed_in
from autograph_web.infra.ratelimit.bounds import GONE_TAB_S
from autograph_web.runtime import are_open

_logger = logging.getLogger(__name__)


async def is_known(app: rx.App, tab: str) -> bool:
    """Return True if Redis holds state of `tab`; while Redis is unavailable, every tab counts as known."""
    manager = cast(Any, app).state_manager
    if not isinstance(manager, StateManagerRedis):
        return True
    try:
        return bool(await manager.redis.exists(_root_key(tab)))
    except Exception:  # the tab detects the outage itself
        _logger.warning("a tab could not be looked up", exc_info=True)
        return True


def forget_gone_tabs(app: rx.App) -> None:
    """Expire the state of closed tabs early, and renew that of a tab whenever it connects.

    A tab has only one connection at a time: on disconnection the short expiry is set before the record is
    removed, so that a later connection of the same tab sets the long expiry again.
    """
    inner: Any = app
    if not isinstance(inner._state_manager, StateManagerRedis):
        return
    namespace, tabs = inner.event_namespace, inner.event_namespace._token_manager
    link, disconnect = namespace.link_token_to_sid, tabs.disconnect_token
    cookies: dict[str, str] = {}
    leaving: dict[str, asyncio.Future[None]] = {}

    async def linked(sid: str, token: str, **more: Any) -> None:
        environ: dict[str, str] = inner.sio.get_environ(sid, namespace.namespace) or {}
        cookies[sid] = environ.get("HTTP_COOKIE", "")
        # A tab that reconnects before its last connection is deregistered would be treated as a copy.
        if token in leaving:
            await asyncio.wait([leaving[token]])
        await link(sid, token, **more)
        await _keep_for(app, namespace.sid_to_token.get(sid, token), inner.state_manager.token_expiration)

    async def disconnected(token: str, sid: str) -> None:
        cookie = cookies.pop(sid, "")
        left = leaving[token] = asyncio.get_running_loop().create_future()
        try:
            # During shutdown nothing is expired: the tab reconnects to another server and keeps its state.
            if are_open() and not await is_signed_in(cookie):
                await _keep_for(app, token, GONE_TAB_S)
            await disconnect(token, sid)
        finally:
            left.set_result(None)
            if leaving.get(token) is left:
                del leaving[token]

    namespace.link_token_to_sid, tabs.disconnect_token = linked, disconnected


async def _keep_for(app: rx.App, tab: str, seconds: int) -> None:
    try:
        pipeline = cast(Any, app).state_manager.redis.pipeline(transaction=False)
        for kind in _kinds(State):
            pipeline.expire(_key(tab, kind), seconds)
        await pipeline.execute()
    except Exception:  # it keeps its longer expiry
        _logger.warning("what a tab left could not be given its time", exc_info=True)


def _kinds(kind: type[BaseState]) -> list[type[BaseState]]:
    return [kind, *(below for one in kind.get_substates() for below in _kinds(one))]


def _root_key(tab: str) -> str:
    return _key(tab, State)


def _key(tab: str, kind: type[BaseState]) -> str:
    return str(BaseStateToken(ident=tab, cls=kind))
