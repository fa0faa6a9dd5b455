"""The product as an ASGI app: one for each configuration, as many in a process as are wanted."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from threading import Thread
from typing import Any, cast

import reflex as rx
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.front import build_front
from autograph_web.frontend import PageInfo, load_pages
from autograph_web.http.bound import Bound
from autograph_web.http.headers import SecurityHeaders
from autograph_web.http.repeated_refusals import RepeatedRefusals
from autograph_web.infra.telemetry import heartbeat, metrics
from autograph_web.infra.telemetry.logs import configure_logging
from autograph_web.infra.user_agent import warm_up
from autograph_web.reflex_patches.gone_tabs import is_known
from autograph_web.runtime import Services, build_services, opened
from autograph_web.settings import Settings
from autograph_web.ui.app import build_app, page_listener
from autograph_web.ui.handlers import page_handlers


class Container:
    """The services of one application, which are there while it runs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._built: Services | None = None

    def services(self) -> Services:
        """Return the open services.

        Raises:
            RuntimeError: The application is not running.
        """
        if self._built is None:
            raise RuntimeError("the application is not running: open its lifespan first")
        return self._built

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Services]:
        """Build the services and hold them open."""
        async with opened(build_services(self._settings)) as built:
            self._built = built
            try:
                yield built
            finally:
                self._built = None


def create_app(settings: Settings, pages: Mapping[str, PageInfo] | None = None) -> ASGIApp:
    """Return REST, the native forms and the built pages of one configuration, as an app with a lifespan.

    Pages stay as they were built (`pages` unless those of this installation are meant): what they do over a
    websocket takes Reflex, of which a process has one (`create_reflex_app`).
    """
    container = Container(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with container.opened():
            yield

    inner = Starlette(lifespan=lifespan)  # answers 404 to what nothing before it knows
    built = build_front(inner, load_pages() if pages is None else pages)
    front = Bound(RepeatedRefusals(built), container.services)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (inner if scope["type"] == "lifespan" else front)(scope, receive, send)

    return app


class Front:
    """Puts our front before what Reflex serves, and is then the way straight to it."""

    straight: ASGIApp

    def __init__(self, settings: Settings) -> None:
        """Make the app; nothing is connected yet."""
        self.container = Container(settings)
        self.app: rx.App = build_app(settings, self.container.services, api_transformer=self)
        cast(Any, self.app).register_lifespan_task(self._running)

    def __call__(self, reflex: ASGIApp) -> ASGIApp:
        """Return the front (what rx.App calls `api_transformer`)."""
        self.straight = build_front(reflex, load_pages(), page_handlers(), partial(is_known, self.app))
        return self.straight

    def served(self) -> ASGIApp:
        """Return what the server runs: the app, with our headers also on what Reflex answers before us.

        Reflex puts layers of its own before ours: one answers CORS preflights, one adds what another origin's
        page needs. A request that names no origin, of a program or a page load, needs none of them.
        """
        inner = self.app()
        dressed, straight = SecurityHeaders(inner), self.straight

        async def door(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
            elif scope["method"] == "OPTIONS":
                await dressed(scope, receive, send)
            else:
                named = any(name == b"origin" for name, _ in scope["headers"])
                await (inner if named else straight)(scope, receive, send)

        return Bound(RepeatedRefusals(door), self.container.services)

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[None]:
        async with (
            self.container.opened() as built,
            built.revocation_bus.heard_by(page_listener(self.app)),
        ):
            # Beside the loop: nobody's first sign-in waits for it, and neither does the first answer.
            Thread(target=warm_up, daemon=True).start()
            signs = asyncio.create_task(heartbeat.show())
            try:
                yield
            finally:
                signs.cancel()


def create_reflex_app(settings: Settings) -> Front:
    """Return the product with its pages; logs and figures of this process are set up for it."""
    configure_logging(settings.log_level, settings.log_format)
    metrics.load()
    return Front(settings)
