"""Middleware that binds each connection to the services of its application."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.container import Services
from autograph_web.runtime import bound


class Bound:
    """Runs each connection with the services of one application, since a process may have several."""

    def __init__(self, app: ASGIApp, built: Callable[[], Services]) -> None:
        """Store the app, and a function that returns its open services."""
        self._app, self._built = app, built

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection; every task started from it uses the same services."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        with bound(self._built()):
            await self._app(scope, receive, send)
