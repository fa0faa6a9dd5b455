"""The page for unknown paths."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.routes import HOME, NOT_FOUND, SIGN_IN


def not_found_page() -> rx.Component:
    """Return the page, with links back."""
    return auth_page(
        heading(NOT_FOUND, "Page not found"),
        rx.el.p("The address may be mistyped, or the page has moved.", class_name="lead"),
        rx.el.div(
            rx.el.a("Go to home page", href=HOME.path, class_name="button button-primary"),
            rx.el.a("Sign in", href=SIGN_IN.path, class_name="button button-quiet"),
            class_name="actions",
        ),
        browser_commands(),
    )
