"""The start page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.home.state import HomeState
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.routes import HOME, REGISTER, SIGN_IN


def home_page() -> rx.Component:
    """Return the start page; while registration is closed it only leads to the sign-in page."""
    return auth_page(
        heading(HOME, "Self-hosted accounts and sign-in."),
        rx.el.div(
            rx.cond(
                HomeState.closed,
                rx.fragment(),
                rx.el.a("Create account", href=REGISTER.path, class_name="button button-primary"),
            ),
            rx.el.a("Sign in", href=SIGN_IN.path, class_name="button button-quiet"),
            class_name="actions",
        ),
        browser_commands(),
    )
