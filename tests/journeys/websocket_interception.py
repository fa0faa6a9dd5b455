"""The websocket between a page and the server, intercepted."""

from typing import Self

from playwright.async_api import WebSocketRoute

from tests.support.browser.visitor import Visitor


class InterceptedWebsocket:
    """Forwards everything, counts the page's messages, and holds back the server's messages on request."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._mark = ""
        self._holding = False
        self._held: list[tuple[WebSocketRoute, str | bytes]] = []

    @classmethod
    async def between(cls, visitor: Visitor) -> Self:
        """Intercept the websockets of the pages that `visitor` opens from now on."""
        wire = cls()
        await visitor.own_page.route_web_socket("**/_event/**", wire._connect)
        return wire

    def hold(self) -> None:
        """Hold back everything the server sends from now on."""
        self._holding = True

    def hold_after(self, mark: str) -> None:
        """Hold back everything the server sends after its next message with `mark` in it."""
        self._mark = mark

    def release(self) -> None:
        """Deliver what was held back, and forward everything again."""
        self._mark, self._holding = "", False
        held, self._held = self._held, []
        for page, message in held:
            page.send(message)

    def sent(self, mark: str) -> int:
        """Return how many messages of the page contained `mark`."""
        return sum(mark in message for message in self._said)

    def _connect(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()

        def from_page(message: str | bytes) -> None:
            self._said.append(str(message))
            server.send(message)

        def from_server(message: str | bytes) -> None:
            if self._holding:
                self._held.append((page, message))
                return
            page.send(message)
            self._holding = bool(self._mark) and self._mark in str(message)

        page.on_message(from_page)
        server.on_message(from_server)
