"""The middleware stack that each request passes on its way to REST, a form or a page."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import FastAPI
from starlette.types import ASGIApp

from autograph_web.api.app import build_api
from autograph_web.api.fast_path import MeFastPath
from autograph_web.frontend import PageInfo
from autograph_web.http.account_forms import ACCOUNT_FORMS
from autograph_web.http.dev_mail import DEV_MAIL
from autograph_web.http.email_forms import EMAIL_FORMS
from autograph_web.http.fair_queue import FairQueue
from autograph_web.http.forms import FORMS
from autograph_web.http.guards import BodyLimit, OriginGuard
from autograph_web.http.headers import SecurityHeaders
from autograph_web.http.link_forms import LINK_FORMS
from autograph_web.http.page_frames import Arguments
from autograph_web.http.pages import Pages
from autograph_web.http.recovery_forms import RECOVERY_FORMS
from autograph_web.http.refusals import RefusalPages
from autograph_web.http.request_telemetry import RequestTelemetry
from autograph_web.http.websocket_guard import KnownTab, WebsocketGuard
from autograph_web.ui.routes import ADMIN_PATHS, PROTECTED_PATHS, ROUTES

# Each of these is rate limited, and expensive.
_DOWNLOADS = ("/account/export", "/activity/export", "/admin/audit/export")


def build_front(
    reflex: ASGIApp,
    built: Mapping[str, PageInfo],
    handlers: Mapping[str, Arguments] = MappingProxyType({}),
    is_known: KnownTab | None = None,
) -> ASGIApp:
    """Return `reflex` behind REST, the forms and the middleware.

    `built` are the pages by file name, `handlers` those that a page may call over its websocket, and
    `is_known` returns whether a tab was known before.
    """
    api = build_api()
    forms = (*FORMS, *ACCOUNT_FORMS, *EMAIL_FORMS, *LINK_FORMS, *RECOVERY_FORMS)
    api.router.routes.extend(forms)
    methods = _methods(api)
    # Added after the methods were listed: where they are not served, nothing may reveal their existence.
    api.router.routes.extend(DEV_MAIL)
    pages = Pages(
        reflex,
        pages={route.path: _file_of(route.path) for route in ROUTES if _file_of(route.path) in built},
        protected=PROTECTED_PATHS,
        admin=ADMIN_PATHS,
        built=built,
        calls=methods,
    )
    api.mount("", pages)
    door = WebsocketGuard(api, handlers, is_known)
    guarded = OriginGuard(door, forms=[form.path for form in forms], downloads=_DOWNLOADS)
    paths = {*methods, *(route.path for route in ROUTES)}
    return RequestTelemetry(SecurityHeaders(RefusalPages(MeFastPath(BodyLimit(FairQueue(guarded))))), paths)


def _file_of(path: str) -> str:
    return f"{path.strip('/') or 'index'}.html"


def _methods(api: FastAPI) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for route in api.routes:
        path, methods = getattr(route, "path", ""), getattr(route, "methods", None) or ()
        found[path] = found.get(path, frozenset()) | frozenset(methods)
    return found
