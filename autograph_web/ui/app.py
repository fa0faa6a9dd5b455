"""Builds the Reflex app from all pages."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex_components_core.base.error_boundary import ErrorBoundary

from autograph_web.container import Services
from autograph_web.reflex_patches import patch
from autograph_web.sessions.revocation_bus import Told
from autograph_web.settings import Settings
from autograph_web.ui import routes
from autograph_web.ui.account.page import account_page
from autograph_web.ui.account.state import AccountState
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.activity.page import activity_page
from autograph_web.ui.activity.state import ActivityState
from autograph_web.ui.admin.audit.page import audit_page
from autograph_web.ui.admin.audit.state import AuditState
from autograph_web.ui.admin.flags.page import flags_page
from autograph_web.ui.admin.flags.state import FlagsState
from autograph_web.ui.admin.new_user.page import new_user_page
from autograph_web.ui.admin.new_user.state import NewUserState
from autograph_web.ui.admin.overview.page import overview_page
from autograph_web.ui.admin.overview.state import OverviewState
from autograph_web.ui.admin.person.page import person_page
from autograph_web.ui.admin.person.state import PersonState
from autograph_web.ui.admin.users.page import users_page
from autograph_web.ui.admin.users.state import UsersState
from autograph_web.ui.api_keys.page import api_keys_page
from autograph_web.ui.api_keys.state import ApiKeysState
from autograph_web.ui.bound_events import BoundEvents
from autograph_web.ui.dashboard.page import dashboard_page
from autograph_web.ui.dashboard.state import DashboardState
from autograph_web.ui.email_links.pages import change_email_page, undo_email_page, verify_email_page
from autograph_web.ui.email_links.state import ChangeEmailState, UndoEmailState, VerifyEmailState
from autograph_web.ui.error_page.page import error_page
from autograph_web.ui.error_page.panel import crash_panel
from autograph_web.ui.event_telemetry import EventTelemetry
from autograph_web.ui.forbidden.page import forbidden_page
from autograph_web.ui.home.page import home_page
from autograph_web.ui.home.state import HomeState
from autograph_web.ui.lost_events import LostEvents
from autograph_web.ui.not_found.page import not_found_page
from autograph_web.ui.not_me.page import not_me_page
from autograph_web.ui.not_me.state import NotMeState
from autograph_web.ui.password_reset.page import forgotten_page, new_password_page
from autograph_web.ui.password_reset.state import ForgottenState, NewPasswordState
from autograph_web.ui.register.page import register_page
from autograph_web.ui.register.state import RegisterState
from autograph_web.ui.routes import Route
from autograph_web.ui.security.page import security_page
from autograph_web.ui.security.state import SecurityState
from autograph_web.ui.session_rooms import SessionRoomMiddleware, session_end_listener
from autograph_web.ui.sessions.page import sessions_page
from autograph_web.ui.sessions.state import SessionsState
from autograph_web.ui.sign_in.page import sign_in_page
from autograph_web.ui.sign_in.state import SignInState
from autograph_web.ui.snapshot import FreshSnapshot

_DESCRIPTION = "Self-hosted accounts and sign-in."
_PAGES: tuple[tuple[Route, Callable[[], rx.Component], Any], ...] = (
    (routes.HOME, home_page, HomeState.load),
    (routes.REGISTER, register_page, RegisterState.load),
    (routes.SIGN_IN, sign_in_page, SignInState.load),
    (routes.FORGOTTEN, forgotten_page, ForgottenState.load),
    (routes.NEW_PASSWORD, new_password_page, NewPasswordState.load),
    (routes.VERIFY_EMAIL, verify_email_page, VerifyEmailState.load),
    (routes.CHANGE_EMAIL, change_email_page, ChangeEmailState.load),
    (routes.UNDO_EMAIL, undo_email_page, UndoEmailState.load),
    (routes.NOT_ME, not_me_page, NotMeState.load),
    (routes.DASHBOARD, dashboard_page, DashboardState.load),
    (routes.SECURITY, security_page, SecurityState.load),
    (routes.SESSIONS, sessions_page, SessionsState.load),
    (routes.API_KEYS, api_keys_page, ApiKeysState.load),
    (routes.ACTIVITY, activity_page, ActivityState.load),
    (routes.ACCOUNT, account_page, AccountState.load),
    (routes.ADMIN_OVERVIEW, overview_page, OverviewState.load),
    (routes.ADMIN_FLAGS, flags_page, FlagsState.load),
    (routes.ADMIN_USERS, users_page, UsersState.load),
    (routes.ADMIN_NEW_USER, new_user_page, NewUserState.load),
    (routes.ADMIN_PERSON, person_page, PersonState.load),
    (routes.ADMIN_AUDIT, audit_page, AuditState.load),
    (routes.FORBIDDEN, forbidden_page, None),
    (routes.ERROR, error_page, None),
    (routes.NOT_FOUND, not_found_page, None),
)
ACCOUNT_PAGES: dict[Route, type[AccountPage]] = {
    routes.DASHBOARD: DashboardState,
    routes.SECURITY: SecurityState,
    routes.SESSIONS: SessionsState,
    routes.API_KEYS: ApiKeysState,
    routes.ACTIVITY: ActivityState,
    routes.ACCOUNT: AccountState,
    routes.ADMIN_OVERVIEW: OverviewState,
    routes.ADMIN_FLAGS: FlagsState,
    routes.ADMIN_USERS: UsersState,
    routes.ADMIN_NEW_USER: NewUserState,
    routes.ADMIN_PERSON: PersonState,
    routes.ADMIN_AUDIT: AuditState,
}
"""The state of every page that leaves as soon as its session ends."""
_STATES = (
    SignInState,
    RegisterState,
    ForgottenState,
    NewPasswordState,
    VerifyEmailState,
    ChangeEmailState,
    UndoEmailState,
    NotMeState,
    *ACCOUNT_PAGES.values(),
)
"""Every state with personal data in its vars."""


def build_app(settings: Settings, built: Callable[[], Services], **kwargs: Any) -> rx.App:
    """Return the app with every page.

    `built` returns the services that its events use, once they are open; `kwargs` go to rx.App.
    """
    given: dict[str, Any] = {
        "theme": None,
        "toaster": None,
        # Reflex's own overlay and crash page use inline styles, which the content security policy forbids.
        "app_wraps": {(55, "ErrorBoundary"): _boundary},
        "stylesheets": ["/ui.css"],
        "head_components": _head(),
        "html_lang": "en",
        **kwargs,
    }
    made: list[rx.App] = []
    given = {"backend_exception_handler": failure_handler(lambda: made[0])} | given
    app = rx.App(**given)
    made.append(app)
    app.add_middleware(FreshSnapshot(*_STATES), 0)
    app.add_middleware(
        SessionRoomMiddleware({route.path: state for route, state in ACCOUNT_PAGES.items()}), 0
    )
    app.add_middleware(EventTelemetry(), 0)
    app.add_middleware(BoundEvents(built), 0)
    add_pages(app)
    patch(app, settings, built)
    return app


def page_listener(app: rx.App) -> Told:
    """Return a callback that makes the open pages of an ended session leave."""
    return session_end_listener(app, ACCOUNT_PAGES.values())


def add_pages(app: rx.App) -> None:
    """Register every page with `app`."""
    for route, page, on_load in _PAGES:
        path = "404" if route is routes.NOT_FOUND else route.path
        app.add_page(page, route=path, title=route.title, description=_DESCRIPTION, image="", on_load=on_load)


def failure_handler(app: Callable[[], rx.App]) -> Callable[[Exception], None]:
    """Return the handler of exceptions in event handlers; Reflex requires a plain function."""
    lost = LostEvents(app)

    def handle(exception: Exception) -> None:
        lost(exception)

    return handle


def _boundary(_stateful: bool) -> rx.Component:
    return ErrorBoundary.create(fallback_render=crash_panel())


# Where the browser blocks storage for this site, even reading it raises, which would stop Reflex's client.
# The replacement lasts as long as the page. It runs before any module.
_STORAGE = """(function () {
  ["localStorage", "sessionStorage"].forEach(function (name) {
    try { window[name].getItem("theme"); } catch (blocked) {
      var kept = {};
      Object.defineProperty(window, name, { configurable: true, value: {
        getItem: function (key) { return Object.hasOwn(kept, key) ? kept[key] : null; },
        setItem: function (key, value) { kept[key] = String(value); },
        removeItem: function (key) { delete kept[key]; },
        clear: function () { kept = {}; },
        key: function (number) { return Object.keys(kept)[number] || null; },
        get length() { return Object.keys(kept).length; }
      } });
    }
  });
})();"""


def _head() -> list[rx.Component]:
    return [
        rx.el.script(custom_attrs={"dangerouslySetInnerHTML": {"__html": _STORAGE}}),
        rx.el.script(src="/session.js", defer=True),
        rx.el.script(src="/reveal.js", defer=True),
        rx.el.link(
            rel="preload",
            href="/fonts/hanken-grotesk.woff2",
            custom_attrs={"as": "font", "type": "font/woff2", "crossOrigin": "anonymous"},
        ),
        rx.el.link(rel="icon", href="/favicon.ico", custom_attrs={"sizes": "32x32"}),
        rx.el.link(rel="icon", href="/favicon.svg", custom_attrs={"type": "image/svg+xml"}),
        rx.el.link(rel="apple-touch-icon", href="/apple-touch-icon.png"),
        _theme_color("#fafaf6", "light"),
        _theme_color("#0f1115", "dark"),
    ]


def _theme_color(color: str, scheme: str) -> rx.Component:
    return rx.el.meta(
        name="theme-color", content=color, custom_attrs={"media": f"(prefers-color-scheme: {scheme})"}
    )
