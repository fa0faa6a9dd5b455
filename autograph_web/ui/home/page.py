"""The start page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.routes import HOME, REGISTER, SIGN_IN


def home_page() -> rx.Component:
    """Return the start page."""
    return auth_page(
        heading(HOME, "Accounts and sign-in, on a server you own."),
        rx.el.div(
            rx.el.a("Get started", href=REGISTER.path, class_name="button button-primary"),
            rx.el.a("Sign in", href=SIGN_IN.path, class_name="button button-quiet"),
            class_name="actions",
        ),
        browser_commands(),
    )
