"""The overview: who you are, how safe the account is, and what happened on it."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.connection import signals
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import NativeForm, named
from autograph_web.ui.dashboard.cards import activity_card, details_card, security_card, sessions_card
from autograph_web.ui.dashboard.state import DashboardState
from autograph_web.ui.layout import app_page, heading
from autograph_web.ui.routes import DASHBOARD
from autograph_web.ui.trouble.panel import trouble_panel


def dashboard_page() -> rx.Component:
    """The overview; nothing but its frame stands in the page until the account has been read."""
    return app_page(
        rx.cond(DashboardState.failed, _failed(), _overview()),
        signals(DashboardState.leave),
        home=DASHBOARD.path,
        top=_who(),
    )


def _who() -> rx.Component:
    return rx.el.div(
        rx.cond(
            DashboardState.loaded,
            rx.el.div(
                rx.el.span(DashboardState.email, class_name="who-email"),
                rx.el.span(DashboardState.initials, class_name="avatar", aria_hidden="true"),
                class_name="who-name",
            ),
        ),
        NativeForm.create(
            rx.el.button(
                icon("sign-out"), rx.el.span("Sign out"), type="submit", class_name="button button-small"
            ),
            method="post",
            action="/session/end",
            custom_attrs=named("sign-out-form"),
        ),
        class_name="who",
    )


def _failed() -> rx.Component:
    again = rx.el.button(
        "Try again", type="button", class_name="button button-primary", on_click=DashboardState.load
    )
    return trouble_panel(DASHBOARD, again)


def _overview() -> rx.Component:
    return rx.el.div(
        heading(DASHBOARD, "Overview"),
        rx.el.p("Who you are here, how you're protected, and what happened lately.", class_name="lead"),
        rx.cond(DashboardState.loaded, _account(), _skeleton()),
        class_name="overview",
        aria_busy=rx.cond(DashboardState.loaded, "false", "true"),
    )


def _account() -> rx.Component:
    return rx.el.div(
        security_card(),
        details_card(),
        sessions_card(),
        activity_card(),
        class_name="cards",
        custom_attrs=named("account"),
    )


def _skeleton() -> rx.Component:
    shapes = ("card-security", "", "", "card-activity")
    return rx.el.div(
        rx.el.p("Loading your account…", role="status", class_name="sr-only"),
        *(rx.el.div(class_name=f"card skeleton {shape}", aria_hidden="true") for shape in shapes),
        class_name="cards",
        custom_attrs=named("skeleton"),
    )
