"""A websocket client without a browser, which follows no rules of our pages."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType
from typing import Any, cast
from uuid import uuid4

from simple_websocket import AioClient, ConnectionClosed

from tests.support.browser.visitor import unique_address

ROOT_STATE = "reflex___state____state"
_UI = f"{ROOT_STATE}.autograph_web___ui___"
DASHBOARD = f"{_UI}dashboard___state____dashboard_state"
API_KEYS = f"{_UI}api_keys___state____api_keys_state"
SECURITY = f"{_UI}security___state____security_state"
SESSIONS = f"{_UI}sessions___state____sessions_state"
ACTIVITY = f"{_UI}activity___state____activity_state"
ACCOUNT = f"{_UI}account___state____account_state"
SERVER = f"{_UI}admin___overview___state____overview_state"
FLAGS = f"{_UI}admin___flags___state____flags_state"
USERS = f"{_UI}admin___users___state____users_state"
VERIFY_EMAIL = f"{_UI}email_links___state____verify_email_state"
CHANGE_EMAIL = f"{_UI}email_links___state____change_email_state"
SIGN_IN = f"{_UI}sign_in___state____sign_in_state"
NOT_ME = f"{_UI}not_me___state____not_me_state"
NEW_PASSWORD = f"{_UI}password_reset___state____new_password_state"
FORGOTTEN = f"{_UI}password_reset___state____forgotten_state"
REGISTER = f"{_UI}register___state____register_state"

BROWSER = "forged-browser-" + "x" * 28
"""The secret of the browser that forged sockets belong to by default."""

_READY = '"is_hydrated_rx_state_":true'
_PATIENCE = 10.0


class _Client(AioClient):
    wsock: asyncio.StreamWriter

    async def handshake(self) -> None:
        try:
            await cast(Any, super()).handshake()
        except BaseException:
            self.wsock.transport.abort()  # or the garbage collector finds it, and reports it in another test
            raise


class ForgedSocket:
    """Sends anything in the protocol of Reflex's own client (Socket.IO 5 over Engine.IO 4).

    Pings are answered whatever the test is waiting for, as a browser does, except by a `deaf` socket.
    """

    def __init__(self, client: Any, *, deaf: bool = False) -> None:
        self._client, self._deaf = client, deaf
        self._messages = asyncio.Queue[str | Exception]()
        self._listening = asyncio.create_task(self._listen())
        self.heard = ""
        """Everything the server has sent."""

    async def emit(self, name: str, *payload: Any) -> None:
        """Emit one Socket.IO event of Reflex's namespace."""
        await self._send("42/_event," + json.dumps([name, *payload]))

    async def call(self, handler: str, payload: Any = None, path: str = "/dashboard", **more: Any) -> None:
        """Call an event handler."""
        place = {"pathname": path, "asPath": path}
        await self.emit("event", {"name": handler, "payload": payload or {}, "router_data": place, **more})

    async def hydrate(self, path: str = "/dashboard") -> str:
        """Request the state of the tab, run the page's own handlers, and wait until they have finished."""
        return await self._hydrate({"hashes": []}, path)

    async def settle(self) -> str:
        """Wait until every earlier event has been answered; return everything that was received."""
        return await self._hydrate({}, "/")

    async def until(self, mark: str) -> None:
        """Wait until the server has sent `mark`."""
        async with asyncio.timeout(_PATIENCE):
            while mark not in self.heard:
                await self._receive()

    async def is_closed(self) -> bool:
        """Return True if the server closes the connection."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while True:
                    await self._receive()
        except TimeoutError:
            return False
        except ConnectionClosed:
            return True

    async def say(self, raw: str) -> None:
        """Send a raw frame."""
        await self._send(raw)

    async def open_namespace(self) -> None:
        await self._send("40/_event,{}")
        await self.until('40/_event,{"sid"')

    async def close(self) -> None:
        try:
            self._listening.cancel()
            await asyncio.wait([self._listening])
            with suppress(ConnectionClosed):
                await self._client.close()
            await self._client.task
        finally:
            # Also after a timeout at any of these steps and with unsent data left; once the last of that has
            # been sent and the connection has ended, asyncio's abort() fails.
            with suppress(AttributeError):
                self._client.wsock.transport.abort()

    async def _hydrate(self, payload: dict[str, Any], path: str) -> str:
        before = self.heard.count(_READY)
        await self.call(f"{ROOT_STATE}.hydrate_and_load", payload, path)
        async with asyncio.timeout(_PATIENCE):
            while self.heard.count(_READY) == before:
                await self._receive()
        return self.heard

    async def _send(self, frame: str) -> None:
        await self._client.send(frame)

    async def _receive(self) -> None:
        said = await self._messages.get()
        if isinstance(said, Exception):
            self._messages.put_nowait(said)  # the next caller gets the end as well
            raise said
        self.heard += said + "\n"

    async def _listen(self) -> None:
        try:
            while True:
                said = str(await self._client.receive())
                if said == "2" and not self._deaf:
                    await self._send("3")
                self._messages.put_nowait(said)
        except (ConnectionClosed, OSError) as end:
            self._messages.put_nowait(end)


@asynccontextmanager
async def forged(
    base_url: str,
    *,
    token: str = "",
    browser: str = BROWSER,
    cookie: str = "",
    headers: Mapping[str, str] = MappingProxyType({}),
    deaf: bool = False,
) -> AsyncGenerator[ForgedSocket]:
    """Connect as a tab of a browser, with the right origin, the cookies of `cookie`, and further headers."""
    headers = {"X-Forwarded-For": unique_address(), "Origin": base_url, **headers}
    cookies = [cookie, f"autograph_browser={browser}" if browser else ""]
    headers["Cookie"] = "; ".join(filter(None, cookies))
    address = base_url.replace("http", "ws", 1) + socket_path(token or str(uuid4()))
    socket = ForgedSocket(await cast(Any, _Client).connect(address, headers=headers), deaf=deaf)
    try:
        await socket.open_namespace()
        yield socket
    finally:
        await socket.close()


def socket_path(token: str) -> str:
    """Return the address to which a page of the tab `token` connects."""
    return f"/_event/?EIO=4&transport=websocket&token={token}"
