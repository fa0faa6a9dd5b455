"""The product as an ASGI application: one per configuration, and any number in a process."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from threading import Thread
from typing import Any, cast

import reflex as rx
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.container import Services, build_services
from autograph_web.front import build_front
from autograph_web.frontend import PageInfo, load_pages
from autograph_web.http.bound import Bound
from autograph_web.http.headers import SecurityHeaders
from autograph_web.http.repeated_refusals import RepeatedRefusals
from autograph_web.infra.telemetry import heartbeat, metrics
from autograph_web.infra.telemetry.logs import configure_logging
from autograph_web.infra.user_agent import warm_up
from autograph_web.lifespan import opened
from autograph_web.reflex_patches.gone_tabs import is_known
from autograph_web.settings import Settings
from autograph_web.ui.app import build_app, page_listener
from autograph_web.ui.handlers import page_handlers


class RunningServices:
    """The services of one application, available while it runs."""

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
        """Build the services and keep them open for the duration of the block."""
        async with opened(build_services(self._settings)) as built:
            self._built = built
            try:
                yield built
            finally:
                self._built = None


def create_app(settings: Settings, pages: Mapping[str, PageInfo] | None = None) -> ASGIApp:
    """Return REST, the native forms and the built pages of one configuration, as an app with a lifespan.

    The pages are static (`pages`, by default those of this installation): their websocket requires Reflex, of
    which a process can have only one (`create_reflex_app`).
    """
    running = RunningServices(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with running.opened():
            yield

    inner = Starlette(lifespan=lifespan)  # answers 404 to paths that are not handled before it
    built = build_front(inner, load_pages() if pages is None else pages)
    front = Bound(RepeatedRefusals(built), running.services)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (inner if scope["type"] == "lifespan" else front)(scope, receive, send)

    return app


class Front:
    """Installs our middleware in front of Reflex, and then provides direct access to it."""

    straight: ASGIApp

    def __init__(self, settings: Settings) -> None:
        """Create the app, without connecting to anything."""
        self.running = RunningServices(settings)
        self.app: rx.App = build_app(settings, self.running.services, api_transformer=self)
        cast(Any, self.app).register_lifespan_task(self._running)

    def __call__(self, reflex: ASGIApp) -> ASGIApp:
        """Return the middleware stack (rx.App calls this as `api_transformer`)."""
        self.straight = build_front(reflex, load_pages(), page_handlers(), partial(is_known, self.app))
        return self.straight

    def served(self) -> ASGIApp:
        """Return the application to serve, with our headers also on responses of Reflex's own middleware.

        Reflex installs its own middleware in front of ours: it answers CORS preflights, and adds the headers
        needed by pages of another origin. A request without an Origin header does not need it.
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

        return Bound(RepeatedRefusals(door), self.running.services)

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[None]:
        async with (
            self.running.opened() as built,
            built.revocation_bus.heard_by(page_listener(self.app)),
        ):
            # In a thread, so that neither the first response nor the first sign-in has to wait for it.
            Thread(target=warm_up, daemon=True).start()
            signs = asyncio.create_task(heartbeat.show())
            try:
                yield
            finally:
                signs.cancel()


def create_reflex_app(settings: Settings) -> Front:
    """Return the product with its pages; configures the logs and metrics of this process."""
    configure_logging(settings.log_level, settings.log_format)
    metrics.load()
    return Front(settings)
