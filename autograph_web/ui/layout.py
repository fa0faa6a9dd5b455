"""The two frames pages stand in: a form beside the drawing, and a page of an account."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.art import mark, signature
from autograph_web.ui.components.connection import offline_banner, trouble_banner
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.components.theme_switch import theme_switch
from autograph_web.ui.routes import DASHBOARD, HOME, Route


def heading(route: Route, *text: rx.Component | rx.Var[str] | str) -> rx.Component:
    """The one h1 of a page; session.js moves the focus here when a link led to it without a full load."""
    return rx.el.h1(*text, tab_index=-1, data_page=route.path, class_name="title")


def brand() -> rx.Component:
    """The product's name, leading to the start page."""
    return rx.el.a(*_name(), href=HOME.path, class_name="brand")


def account_brand() -> rx.Component:
    """The product's name, leading to the overview with a full load as every way within an account."""
    return NativeLink.create(*_name(), href=DASHBOARD.path, class_name="brand")


def auth_page(*content: rx.Component) -> rx.Component:
    """A form column with the drawing beside it where there is room."""
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
    """A page of an account under a bar with `top` at its end and `navigation` beside it."""
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
    return NativeLink.create("Skip to the content", href="#main", class_name="skip-link")
