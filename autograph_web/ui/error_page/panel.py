"""The panel that replaces a page that could not be shown."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.layout import heading
from autograph_web.ui.routes import ERROR, Route

HAPPENED = (
    "Something went wrong. If you had just sent or changed something, check whether it went through "
    "before you repeat it."
)
"""The message where the cause cannot be known; it is part of the built page."""


def error_panel(route: Route, again: rx.Component) -> rx.Component:
    """Return the message that the page could not be loaded, with the button `again`."""
    return rx.el.section(
        heading(route, "We couldn't load this page"),
        rx.el.p(HAPPENED, class_name="lead"),
        again,
        class_name="trouble",
        role="alert",
    )


def reload_button() -> rx.Component:
    """Return the button that reloads the page; it needs only session.js, since the rest may be broken."""
    return rx.el.button(
        "Try again", type="button", class_name="button button-primary needs-js", data_reload="true"
    )


def crash_panel() -> rx.Component:
    """Return what replaces the whole page when rendering failed in the browser."""
    panel = error_panel(ERROR, reload_button())
    return rx.el.div(rx.el.main(panel, class_name="app-main"), class_name="app-body")
