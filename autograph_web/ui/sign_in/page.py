"""The sign-in page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.authn.errors import CodeMalformed, InvalidCode
from autograph_web.authn.flow.errors import ChallengeExpired, EmailNotVerified, InvalidCredentials
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import (
    claim_form,
    code_field,
    email_field,
    form_messages,
    next_field,
    password_field,
    submit_button,
    switch_code_button,
)
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.components.scriptless import noscript_messages, scriptless_field
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.routes import FORGOTTEN, REGISTER, SIGN_IN, VERIFY_EMAIL
from autograph_web.ui.sign_in.scriptless import scriptless_code_form
from autograph_web.ui.sign_in.state import SignInState


def sign_in_page() -> rx.Component:
    """Return the sign-in page: email and password; then, in the same place, a code."""
    return auth_page(
        heading(SIGN_IN, rx.cond(SignInState.asking_code, "Enter your code", "Sign in")),
        rx.cond(SignInState.asking_code, _who(), rx.cond(SignInState.closed, rx.fragment(), _welcome())),
        form_messages(SignInState),
        noscript_messages(
            *("signed_out", "password_reset", "account_deleted", "code_wanted", "cookies_missing"),
            errors=(InvalidCredentials, EmailNotVerified, CodeMalformed, InvalidCode, ChallengeExpired),
        ),
        rx.cond(
            SignInState.unverified,
            rx.el.p(
                NativeLink.create("Send a new verification link", href=VERIFY_EMAIL.path), class_name="lead"
            ),
        ),
        rx.cond(SignInState.asking_code, _code_step(), _password_step()),
        scriptless_code_form(),
        claim_form(SignInState),
        browser_commands(SignInState.leave, SignInState.focus),
    )


def _welcome() -> rx.Component:
    return rx.el.p(
        "New here? ",
        rx.el.a("Create an account", href=REGISTER.path),
        key="welcome",
        class_name="lead",
    )


def _who() -> rx.Component:
    return rx.el.p(
        rx.cond(
            SignInState.recovery,
            "Enter one of the recovery codes you saved when you turned on two-step verification.",
            "Enter the 6-digit code from your authenticator app.",
        ),
        rx.el.br(),
        "Signing in as ",
        rx.el.strong(SignInState.email),
        ".",
        key="who",
        class_name="lead",
        custom_attrs=named("code-hint"),
    )


def _password_step() -> rx.Component:
    return rx.el.form(
        email_field(SignInState, on_blur=SignInState.note_email),
        password_field(SignInState, "current-password"),
        rx.el.div(
            _tick("remember_me", "remember", "Keep me signed in"),
            rx.el.a("Forgot password?", href=FORGOTTEN.path, custom_attrs=named("forgot")),
            class_name="form-ways",
        ),
        next_field(SignInState),
        scriptless_field(),
        submit_button(SignInState, "Sign in", "Signing in…"),
        key="password-step",
        method="post",
        action="/session/sign-in",
        on_submit=SignInState.submit,
        no_validate=True,
        aria_busy=SignInState.pending,
        data_answers=SignInState.answers,
        class_name="form",
        custom_attrs=named("sign-in-form"),
    )


def _code_step() -> rx.Component:
    return rx.el.form(
        code_field(SignInState, hint_id="code-hint"),
        rx.cond(
            SignInState.may_trust,
            _tick("trust_device", "trust-device", "Don't ask again on this browser for 30 days"),
        ),
        next_field(SignInState),
        scriptless_field(),
        submit_button(SignInState, "Verify", "Checking…"),
        rx.el.div(
            switch_code_button(SignInState),
            rx.el.button(
                "Use a different account",
                type="button",
                class_name="link-button",
                on_click=SignInState.start_over,
                custom_attrs=named("start-over"),
            ),
            class_name="form-ways",
        ),
        key="code-step",
        method="post",
        action="/session/verify",
        on_submit=SignInState.verify,
        no_validate=True,
        aria_busy=SignInState.pending,
        data_answers=SignInState.answers,
        class_name="form",
        custom_attrs=named("code-form"),
    )


def _tick(name: str, element: str, label: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name=name, class_name="check", custom_attrs=named(element)),
        rx.el.span(label),
        class_name="check-label",
    )
