"""The registration page."""

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
from autograph_web.ui.register.state import RegisterState
from autograph_web.ui.routes import REGISTER, SIGN_IN

# Long enough not to judge half a word, short enough to feel immediate (milliseconds).
_PAUSE = 250
# What we advise where the operator asks for less (characters).
_ADVISED = 12


def register_page() -> rx.Component:
    """Email, and a password judged while it is typed."""
    return auth_page(
        heading(REGISTER, "Create your account"),
        rx.el.p("Already have one? ", rx.el.a("Sign in", href=SIGN_IN.path), class_name="lead"),
        form_messages(RegisterState),
        rx.el.form(
            email_field(RegisterState, on_blur=RegisterState.note_email),
            password_field(
                RegisterState,
                "new-password",
                _hint(),
                _meter(),
                hint_id="password-hint",
                on_change=RegisterState.assess.debounce(_PAUSE),
            ),
            next_field(RegisterState),
            submit_button(RegisterState, "Create account", "Creating your account…"),
            method="post",
            action="/session/register",
            on_submit=RegisterState.submit,
            no_validate=True,
            aria_busy=RegisterState.pending,
            data_answers=RegisterState.answers,
            class_name="form",
            custom_attrs=named("register-form"),
        ),
        claim_form(RegisterState),
        signals(RegisterState.leave, RegisterState.focus),
    )


def _hint() -> rx.Component:
    short = rx.cond(
        RegisterState.shortest > 0,
        f"At least {RegisterState.shortest} characters, better 12 or more. ",
        "Best are 12 characters or more. ",
    )
    advised = rx.cond(
        RegisterState.shortest < _ADVISED, short, f"At least {RegisterState.shortest} characters. "
    )
    return rx.el.p(
        advised,
        "A short sentence works well - so does a password manager.",
        class_name="hint",
        custom_attrs=named("password-hint"),
    )


def _meter() -> rx.Component:
    """How strong the password is: a bar, a word and the reasons; the words are announced, the bar is not."""
    return rx.el.div(
        rx.cond(RegisterState.score >= 0, _bar()),
        rx.el.div(
            rx.cond(
                RegisterState.score >= 0,
                rx.el.p(
                    rx.el.span("Strength: ", class_name="sr-only"),
                    RegisterState.strength,
                    class_name="strength-label",
                ),
            ),
            rx.el.ul(
                rx.foreach(RegisterState.reasons, rx.el.li),
                class_name="strength-reasons",
            ),
            aria_live="polite",
            custom_attrs=named("password-strength"),
        ),
        class_name="strength",
        data_score=RegisterState.score,
    )


def _bar() -> rx.Component:
    return rx.el.div(
        *(rx.el.span() for _ in range(4)),
        aria_label="Password strength",
        aria_valuemin="0",
        aria_valuemax="4",
        aria_valuenow=RegisterState.score,
        aria_valuetext=RegisterState.strength,
        class_name="strength-bar",
        custom_attrs={"role": "meter"},  # a role Reflex's own list lacks
    )
