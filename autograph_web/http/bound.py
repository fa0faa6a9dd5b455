"""The layer that tells everything behind it which services a request belongs to."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.container import Services
from autograph_web.runtime import bound


class Bound:
    """Runs each connection with the services of one application, of which a process may have several."""

    def __init__(self, app: ASGIApp, built: Callable[[], Services]) -> None:
        """Remember the app, and what returns its open services."""
        self._app, self._built = app, built

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection; whatever begins with it belongs to the same services."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        with bound(self._built()):
            await self._app(scope, receive, send)
