"""What stands where a page could not be shown."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.layout import heading
from autograph_web.ui.routes import ERROR, Route

HAPPENED = (
    "Something went wrong. If you had just sent or changed something, check whether it went through "
    "before you repeat it."
)
"""What is said where nobody can know more: these words stand there before anything happens."""


def error_panel(route: Route, again: rx.Component) -> rx.Component:
    """Say that the page could not be shown and offer `again`."""
    return rx.el.section(
        heading(route, "We couldn't load this page"),
        rx.el.p(HAPPENED, class_name="lead"),
        again,
        class_name="trouble",
        role="alert",
    )


def reload_button() -> rx.Component:
    """Try the same address again; needs session.js, as everything on this page may be broken."""
    return rx.el.button(
        "Try again", type="button", class_name="button button-primary needs-js", data_reload="true"
    )


def crash_panel() -> rx.Component:
    """What replaces the whole page when drawing it failed in the browser."""
    panel = error_panel(ERROR, reload_button())
    return rx.el.div(rx.el.main(panel, class_name="app-main"), class_name="app-body")
