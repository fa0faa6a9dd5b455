"""The frame of the account pages: account bar, navigation, and placeholders while loading."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import NativeForm, NativeLink, named
from autograph_web.ui.components.scriptless import scriptless_field
from autograph_web.ui.error_page.panel import error_panel
from autograph_web.ui.layout import app_page, heading
from autograph_web.ui.routes import (
    ACCOUNT,
    ACTIVITY,
    ADMIN_NAV,
    API_KEYS,
    DASHBOARD,
    SECURITY,
    SESSIONS,
    Route,
)

_NAV_PAGES: tuple[tuple[Route, str], ...] = (
    (DASHBOARD, "home"),
    (SECURITY, "shield"),
    (SESSIONS, "devices"),
    (API_KEYS, "key"),
    (ACTIVITY, "clock"),
    (ACCOUNT, "person"),
)


def account_frame(
    state: type[AccountPage],
    here: Route,
    lead: str,
    content: rx.Component,
    waiting: rx.Component,
    *extras: rx.Component,
    load: Any,
    above: rx.Component | None = None,
) -> rx.Component:
    """Return an account page; it shows `waiting` until `load` has read the account.

    `above` is placed before its heading.
    """
    page = rx.el.div(
        *([above] if above else []),
        heading(here, here.name),
        rx.el.p(lead, class_name="lead"),
        rx.cond(state.loaded & state.unverified, _unverified(state)),
        rx.cond(state.loaded, content, waiting),
        class_name="overview",
        aria_busy=rx.cond(state.loaded, "false", "true"),
    )
    return app_page(
        rx.cond(state.failed, _failed(here, load), page),
        *extras,
        top=_account_bar(state),
        navigation=_navigation(state, here),
    )


def skeleton(*shapes: str) -> rx.Component:
    """Return placeholders for the cards until the account has been read; `shapes` are their classes."""
    return rx.el.div(
        rx.el.p("Loading your account…", role="status", class_name="sr-only"),
        *(rx.el.div(class_name=f"card skeleton {shape}", aria_hidden="true") for shape in shapes),
        class_name="cards cards-two",
        # With its own key: if React reused it for the cards, the change would count as layout shift.
        key="skeleton",
        custom_attrs=named("skeleton"),
    )


def _unverified(state: type[AccountPage]) -> rx.Component:
    """Return the banner that asks to verify the address and can send the link again, after a countdown."""
    clock = rx.el.span(
        " You can resend in ",
        rx.el.span(state.resend_clock, class_name="clock", data_wait=f"{state.resend_wait}:{state.resends}"),
        ".",
        aria_hidden="true",
        class_name="waiting",
    )
    return rx.el.section(
        icon("info"),
        rx.el.div(
            rx.el.p("Verify your email. We sent a link to ", rx.el.strong(state.email), "."),
            rx.el.p(
                state.resent,
                rx.cond(state.resend_wait > 0, clock),
                role="status",
                custom_attrs=named("resent"),
            ),
            class_name="box-words",
        ),
        rx.el.button(
            "Resend link",
            type="button",
            class_name="button button-small",
            disabled=state.resend_wait > 0,
            data_rest="true",
            on_click=state.resend,
        ),
        aria_label="Verify your email",
        data_rests="true",
        class_name="box box-warn unverified",
        custom_attrs=named("unverified"),
    )


def _account_bar(state: type[AccountPage]) -> rx.Component:
    return rx.el.div(
        rx.cond(
            state.loaded,
            rx.el.div(
                rx.el.span(state.email, class_name="who-email"),
                rx.el.span(state.initials, class_name="avatar", aria_hidden="true"),
                class_name="who-name",
            ),
        ),
        NativeForm.create(
            scriptless_field(),
            rx.el.button(
                icon("sign-out"), rx.el.span("Sign out"), type="submit", class_name="button button-small"
            ),
            method="post",
            action="/session/end",
            custom_attrs=named("sign-out-form"),
        ),
        class_name="who",
    )


def _navigation(state: type[AccountPage], here: Route) -> rx.Component:
    """Return the links between the pages, each a full load, so that the server checks the session first."""
    administration = _nav_link("Administration", "people", ADMIN_NAV[0], current="true" if here.admin else "")
    return rx.el.nav(
        *(
            _nav_link(route.name, icon_name, route, current="page" if route is here else "")
            for route, icon_name in _NAV_PAGES
        ),
        administration if here.admin else rx.cond(state.administrator, administration),
        aria_label="Account",
        class_name="ways",
    )


def _nav_link(name: str, icon_name: str, route: Route, *, current: str) -> rx.Component:
    return NativeLink.create(
        icon(icon_name),
        rx.el.span(name),
        href=route.path,
        class_name="way",
        custom_attrs={"aria-current": current} if current else {},
    )


def _failed(here: Route, load: Any) -> rx.Component:
    again = rx.el.button("Try again", type="button", class_name="button button-primary", on_click=load)
    return error_panel(here, again)
