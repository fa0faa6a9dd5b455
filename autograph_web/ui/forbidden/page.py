"""The page that is sent to non-administrators in place of an administration page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.native import NativeForm, NativeLink
from autograph_web.ui.components.scriptless import scriptless_field
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.routes import DASHBOARD, FORBIDDEN


def forbidden_page() -> rx.Component:
    """Return the page; it is the same for every path."""
    return auth_page(
        heading(FORBIDDEN, "This page is for administrators"),
        rx.el.p(
            "Your account doesn't have administrator access. Contact an administrator if you need it.",
            class_name="lead",
        ),
        rx.el.div(
            NativeLink.create("Go to your account", href=DASHBOARD.path, class_name="button button-primary"),
            NativeForm.create(
                scriptless_field(),
                rx.el.button("Use a different account", type="submit", class_name="button button-quiet"),
                method="post",
                action="/session/end",
            ),
            class_name="actions",
        ),
        browser_commands(),
    )
