"""The registration page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.accounts.errors import AccountReady, EmailInvalid, EmailTaken, RegistrationClosed
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import (
    claim_form,
    email_field,
    form_messages,
    next_field,
    submit_button,
)
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import named
from autograph_web.ui.components.new_password import new_password_field
from autograph_web.ui.components.scriptless import BAD_PASSWORDS, noscript_messages, scriptless_field
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.register.state import RegisterState
from autograph_web.ui.routes import REGISTER, SIGN_IN


def register_page() -> rx.Component:
    """Return the registration page: email, and a password assessed while it is typed."""
    return auth_page(
        heading(REGISTER, rx.cond(RegisterState.closed, "Registration is closed", REGISTER.name)),
        rx.el.p("Already have an account? ", rx.el.a("Sign in", href=SIGN_IN.path), class_name="lead"),
        form_messages(RegisterState),
        noscript_messages(
            errors=(EmailInvalid, EmailTaken, *BAD_PASSWORDS, RegistrationClosed, AccountReady)
        ),
        rx.cond(RegisterState.closed, _closed(), _form()),
        claim_form(RegisterState),
        browser_commands(RegisterState.leave, RegisterState.focus),
    )


def _closed() -> rx.Component:
    return rx.el.div(
        icon("info"),
        rx.el.p(RegistrationClosed.sentence),
        key="closed",
        class_name="box box-info",
        custom_attrs=named("closed"),
    )


def _form() -> rx.Component:
    return rx.el.form(
        email_field(RegisterState, on_blur=RegisterState.note_email),
        new_password_field(RegisterState),
        next_field(RegisterState),
        scriptless_field(),
        submit_button(RegisterState, "Create account", "Creating your account…"),
        method="post",
        action="/session/register",
        on_submit=RegisterState.submit,
        no_validate=True,
        aria_busy=RegisterState.pending,
        data_answers=RegisterState.answers,
        class_name="form",
        custom_attrs=named("register-form"),
        key="form",
    )
