"""The product as one Reflex app: what the server runs."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from threading import Thread
from typing import Any, cast

import reflex as rx
from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.front import build_front
from autograph_web.frontend import load_pages
from autograph_web.http.headers import SecurityHeaders
from autograph_web.http.repeated_refusals import RepeatedRefusals
from autograph_web.infra.telemetry import heartbeat as life_signs
from autograph_web.infra.telemetry import metrics
from autograph_web.infra.telemetry.logs import configure_logging
from autograph_web.infra.user_agent import warm_up
from autograph_web.runtime import build_services, opened
from autograph_web.settings import load_settings
from autograph_web.ui.app import build_app, page_waker
from autograph_web.ui.gone_tabs import is_known
from autograph_web.ui.handlers import page_handlers


@asynccontextmanager
async def _services() -> AsyncGenerator[None]:
    async with (
        opened(build_services(load_settings())) as built,
        built.revocation_bus.heard_by(page_waker(app)),
    ):
        # Beside the loop: nobody's first sign-in waits for it, and neither does the first answer.
        Thread(target=warm_up, daemon=True).start()
        signs = asyncio.create_task(life_signs.show())
        try:
            yield
        finally:
            signs.cancel()


class _Front:
    """Puts our front before what Reflex serves, and is then the way straight to it."""

    straight: ASGIApp

    def __call__(self, reflex: ASGIApp) -> ASGIApp:
        """Return the front (what rx.App calls `api_transformer`)."""
        self.straight = build_front(reflex, load_pages(), page_handlers(), partial(is_known, app))
        return self.straight


def served() -> ASGIApp:
    """Return what the server runs: the app, with our headers also on what Reflex answers before us.

    Reflex puts layers of its own before ours: one answers CORS preflights, one adds what another origin's
    page needs. A request that names no origin, of a program or a page load, needs none of them.
    """
    inner = app()
    dressed, straight = SecurityHeaders(inner), _front.straight

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await dressed(scope, receive, send)
        else:
            named = any(name == b"origin" for name, _ in scope["headers"])
            await (inner if named else straight)(scope, receive, send)

    return RepeatedRefusals(door)


_front = _Front()
configure_logging(load_settings().log_level, load_settings().log_format)
metrics.load()
app: rx.App = build_app(api_transformer=_front)
cast(Any, app).register_lifespan_task(_services)
