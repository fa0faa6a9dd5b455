"""The second step of a sign-in without JavaScript."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.native import NativeForm, named
from autograph_web.ui.components.scriptless import scriptless_field


def scriptless_code_form() -> rx.Component:
    """Return the code form below the password form; without JavaScript they cannot replace each other."""
    return rx.el.noscript(
        rx.el.section(
            rx.el.h2("Using two-step verification?", custom_attrs=named("scriptless-title")),
            rx.el.p("Sign in above first, then enter your code here.", class_name="lead"),
            _code_form(),
            NativeForm.create(
                scriptless_field(within=True),
                rx.el.button("Use a different account", type="submit", class_name="link-button"),
                method="post",
                action="/session/start-over",
            ),
            aria_labelledby="scriptless-title",
            class_name="scriptless",
        )
    )


def _code_form() -> rx.Component:
    return NativeForm.create(
        rx.el.div(
            rx.el.label("Verification code", html_for="scriptless-code"),
            rx.el.input(
                type="text",
                name="code",
                auto_complete="one-time-code",
                required=True,
                class_name="input input-code",
                aria_describedby="scriptless-hint",
                custom_attrs=named("scriptless-code", autoCapitalize="none"),
            ),
            rx.el.p(
                "Enter the 6-digit code from your authenticator app, or a recovery code.",
                class_name="hint",
                custom_attrs=named("scriptless-hint"),
            ),
            class_name="field",
        ),
        rx.el.label(
            rx.el.input(type="checkbox", name="trust_device", class_name="check"),
            rx.el.span("Don't ask again on this browser for 30 days"),
            class_name="check-label",
        ),
        scriptless_field(within=True),
        rx.el.button("Verify", type="submit", class_name="button button-wide"),
        method="post",
        action="/session/verify",
        class_name="form",
    )
