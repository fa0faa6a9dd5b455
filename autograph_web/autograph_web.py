"""The product as one Reflex app: what the server runs."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import reflex as rx
from starlette.types import ASGIApp, Receive, Scope, Send

from autograph_web.core import metrics
from autograph_web.core.logs import configure_logging
from autograph_web.front import build_front
from autograph_web.frontend import load_pages
from autograph_web.http.headers import SecurityHeaders
from autograph_web.runtime import build_services, opened
from autograph_web.settings import load_settings
from autograph_web.ui.app import build_app, page_waker


@asynccontextmanager
async def _services() -> AsyncGenerator[None]:
    async with opened(build_services(load_settings())) as built, built.endings.heard_by(page_waker(app)):
        yield


def _front(reflex: ASGIApp) -> ASGIApp:
    return build_front(reflex, load_pages())


def served() -> ASGIApp:
    """Return what the server runs: the app, with our headers also on what Reflex answers before us.

    Reflex answers CORS preflights in a layer outside ours.
    """
    inner = app()
    dressed = SecurityHeaders(inner)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        preflight = scope["type"] == "http" and scope["method"] == "OPTIONS"
        await (dressed if preflight else inner)(scope, receive, send)

    return door


configure_logging(load_settings().log_level, load_settings().log_format)
metrics.load()
app: rx.App = build_app(api_transformer=_front)
cast(Any, app).register_lifespan_task(_services)
