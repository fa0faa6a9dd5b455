"""The sign-in page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.connection import signals
from autograph_web.ui.components.forms import (
    claim_form,
    email_field,
    form_messages,
    next_field,
    password_field,
    submit_button,
)
from autograph_web.ui.components.native import named
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.routes import REGISTER, SIGN_IN
from autograph_web.ui.sign_in.state import SignInState


def sign_in_page() -> rx.Component:
    """Email, password, and whether to stay signed in."""
    return auth_page(
        heading(SIGN_IN, "Sign in"),
        rx.el.p(
            "Welcome back. New here? ", rx.el.a("Create an account", href=REGISTER.path), class_name="lead"
        ),
        form_messages(SignInState),
        rx.el.form(
            email_field(SignInState),
            password_field(SignInState, "current-password"),
            _remember(),
            next_field(SignInState),
            submit_button(SignInState, "Sign in", "Signing in…"),
            method="post",
            action="/session/sign-in",
            on_submit=SignInState.submit,
            no_validate=True,
            aria_busy=SignInState.pending,
            data_answers=SignInState.answers,
            class_name="form",
            custom_attrs=named("sign-in-form"),
        ),
        claim_form(SignInState),
        signals(SignInState.leave, SignInState.focus),
    )


def _remember() -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name="remember_me", class_name="check", custom_attrs=named("remember")),
        rx.el.span("Remember me for 30 days"),
        class_name="check-label",
    )
