"""The page that replaces one that failed on the server."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.error_page.panel import HAPPENED, reload_button
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.routes import ERROR, HOME


def error_page() -> rx.Component:
    """Return the error page; the URL is still that of the failed page, so that it can be tried again."""
    return auth_page(
        heading(ERROR, "Something went wrong"),
        rx.el.p(HAPPENED, class_name="lead"),
        rx.el.div(
            reload_button(),
            rx.el.a("Go to home page", href=HOME.path, class_name="button button-quiet"),
            class_name="actions",
        ),
        browser_commands(),
    )
