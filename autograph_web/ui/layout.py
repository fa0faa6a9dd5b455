"""The two frames pages stand in: a form beside the drawing, and a page of an account."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.art import mark, signature
from autograph_web.ui.components.connection import offline_banner
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.components.theme_switch import theme_switch
from autograph_web.ui.routes import HOME, Route


def heading(route: Route, *text: rx.Component | str) -> rx.Component:
    """The one h1 of a page; session.js moves the focus here when a link led to it without a full load."""
    return rx.el.h1(*text, tab_index=-1, data_page=route.path, class_name="title")


def brand(href: str) -> rx.Component:
    """The product's name, leading home."""
    return rx.el.a(mark(), rx.el.span("AutoGraph"), href=href, class_name="brand")


def auth_page(*content: rx.Component) -> rx.Component:
    """A form column with the drawing beside it where there is room."""
    return rx.el.div(
        _skip_link(),
        offline_banner(),
        rx.el.div(
            rx.el.header(brand(HOME.path), class_name="auth-top"),
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


def app_page(*content: rx.Component, home: str, top: rx.Component, name: str = "main") -> rx.Component:
    """A page of an account under a bar with `top` at its end; the brand leads to `home`."""
    return rx.el.div(
        _skip_link(),
        offline_banner(),
        rx.el.header(brand(home), top, class_name="app-top"),
        rx.el.main(*content, tab_index=-1, class_name="app-main", custom_attrs=named(name)),
        rx.el.footer(theme_switch(), class_name="foot"),
        class_name="app",
    )


def _skip_link() -> rx.Component:
    return NativeLink.create("Skip to the content", href="#main", class_name="skip-link")
