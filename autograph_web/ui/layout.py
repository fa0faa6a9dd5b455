"""The two page layouts: a form beside the illustration, and an account page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.art import mark, signature
from autograph_web.ui.components.connection import offline_banner, trouble_banner
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.components.theme_switch import theme_switch
from autograph_web.ui.routes import DASHBOARD, HOME, Route


def heading(route: Route, *text: rx.Component | rx.Var[str] | str) -> rx.Component:
    """Return the only h1 of a page; session.js focuses it after a client-side navigation."""
    return rx.el.h1(*text, tab_index=-1, data_page=route.path, class_name="title")


def brand() -> rx.Component:
    """Return the product's name as a link to the start page."""
    return rx.el.a(*_name(), href=HOME.path, class_name="brand")


def account_brand() -> rx.Component:
    """Return the product's name as a link to the overview; a full load, as all links within an account."""
    return NativeLink.create(*_name(), href=DASHBOARD.path, class_name="brand")


def auth_page(*content: rx.Component) -> rx.Component:
    """Return a column for a form, with the illustration beside it on wide screens."""
    return rx.el.div(
        _skip_link(),
        offline_banner(),
        trouble_banner(),
        rx.el.div(
            rx.el.header(brand(), class_name="auth-top"),
            rx.el.main(
                rx.el.div(*content, class_name="auth-column"),
                tab_index=-1,
                class_name="auth-main",
                custom_attrs=named("main"),
            ),
            rx.el.footer(theme_switch(), class_name="foot"),
            class_name="auth-side",
        ),
        signature(),
        class_name="auth",
    )


def app_page(*content: rx.Component, top: rx.Component, navigation: rx.Component) -> rx.Component:
    """Return an account page: a bar with `top` at its end, and `navigation` beside the content."""
    return rx.el.div(
        _skip_link(),
        offline_banner(),
        trouble_banner(),
        rx.el.header(account_brand(), top, class_name="app-top"),
        rx.el.div(
            navigation,
            rx.el.main(*content, tab_index=-1, class_name="app-main", custom_attrs=named("main")),
            class_name="app-body",
        ),
        rx.el.footer(theme_switch(), class_name="foot"),
        class_name="app",
    )


def _name() -> tuple[rx.Component, ...]:
    return mark(), rx.el.span("AutoGraph")


def _skip_link() -> rx.Component:
    return NativeLink.create("Skip to content", href="#main", class_name="skip-link")
