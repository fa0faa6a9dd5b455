"""The card of the password, with the form that changes it."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.cards import card, time_of
from autograph_web.ui.components.forms import password_field, submit_button
from autograph_web.ui.components.native import named
from autograph_web.ui.components.new_password import new_password_field
from autograph_web.ui.components.steps import (
    intent_button,
    step_buttons,
    step_container,
    step_form,
    step_title,
    username_field,
)
from autograph_web.ui.security.intents import Intent
from autograph_web.ui.security.state import SecurityState


def password_card() -> rx.Component:
    """Return the card with the time of the last change, and the form that changes the password."""
    changed = time_of(SecurityState.password_at, SecurityState.password_when)
    return card(
        "password-card",
        "Password",
        rx.el.p("Last changed: ", changed),
        rx.cond(
            SecurityState.step == "",
            rx.el.div(
                intent_button(SecurityState, "Change password", Intent.PASSWORD.value),
                class_name="actions card-actions",
            ),
            rx.el.div(step_container(_form()), class_name="card-work"),
        ),
    )


def end_others_box() -> rx.Component:
    """Return the checkbox that ends all other sessions."""
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            name="end_other_sessions",
            default_checked=True,
            class_name="check",
            custom_attrs=named("end-others"),
        ),
        rx.el.span("Sign out my other devices"),
        class_name="check-label",
    )


def _form() -> rx.Component:
    return rx.el.div(
        step_title("Change your password"),
        step_form(
            SecurityState,
            "password",
            SecurityState.change_password,
            username_field(SecurityState),
            password_field(
                SecurityState, "current-password", name="current_password", label="Current password"
            ),
            new_password_field(SecurityState, "New password", "new_password"),
            end_others_box(),
            step_buttons(
                SecurityState, submit_button(SecurityState, "Change password", "Changing your password…", "")
            ),
            action="/session/password-change",
        ),
        key="password",
    )
