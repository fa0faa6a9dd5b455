"""The product: pages, REST and the layers in front of both, as one Reflex app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import reflex as rx
from fastapi import FastAPI
from starlette.types import ASGIApp

from autograph_web.api.app import build_api
from autograph_web.api.hot_path import HotPath
from autograph_web.core.logs import configure_logging
from autograph_web.frontend import load_pages
from autograph_web.http.forms import FORMS
from autograph_web.http.guards import BodyLimit, OriginGuard
from autograph_web.http.headers import SecurityHeaders
from autograph_web.http.pages import Pages
from autograph_web.runtime import build_services, opened
from autograph_web.settings import load_settings
from autograph_web.ui.app import build_app
from autograph_web.ui.routes import PROTECTED_PATHS, ROUTES


@asynccontextmanager
async def _services() -> AsyncIterator[None]:
    async with opened(build_services(load_settings())):
        yield


def _front(reflex: ASGIApp) -> ASGIApp:
    """Return Reflex behind the REST face and the layers, outermost last."""
    api = build_api()
    for form in FORMS:
        api.router.routes.append(form)
    reserved = _paths(api)
    api.mount("", _pages(reflex, reserved))
    app: ASGIApp = OriginGuard(api, forms=[form.path for form in FORMS])
    return SecurityHeaders(HotPath(BodyLimit(app)))


def _pages(reflex: ASGIApp, reserved: list[str]) -> Pages:
    built = load_pages()
    return Pages(
        reflex,
        pages={route.path: _file_of(route.path) for route in ROUTES if _file_of(route.path) in built},
        protected=PROTECTED_PATHS,
        hashes={name: page.script_hashes for name, page in built.items()},
        reserved=reserved,
    )


def _file_of(path: str) -> str:
    return f"{path.strip('/') or 'index'}.html"


def _paths(api: FastAPI) -> list[str]:
    return [str(getattr(route, "path", "")) for route in api.routes]


def _options() -> dict[str, Any]:
    return {"api_transformer": _front}


configure_logging(load_settings().log_level, load_settings().log_format)
app: rx.App = build_app(**_options())
app.register_lifespan_task(_services)
