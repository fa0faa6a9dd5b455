"""Components of the steps of a change: title, buttons, forms and re-authentication."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.components.forms import code_field, password_field, submit_button, switch_code_button
from autograph_web.ui.components.native import named
from autograph_web.ui.form_state import FormState
from autograph_web.ui.step_up import StepUpPage


def step_title(text: rx.Var[str] | str) -> rx.Component:
    """Return the heading of a step, which gets the focus when the step appears."""
    return rx.el.h3(text, tab_index=-1, class_name="step-title", custom_attrs=named("step-title"))


def cancel_button(state: type[StepUpPage], **attributes: Any) -> rx.Component:
    """Return the button that cancels a step."""
    return rx.el.button(
        "Cancel", type="button", class_name="button button-plain", on_click=state.cancel, **attributes
    )


def step_buttons(state: type[StepUpPage], first: rx.Component) -> rx.Component:
    """Return the button `first`, which continues, and the button that cancels."""
    return rx.el.div(first, cancel_button(state, custom_attrs=named("cancel")), class_name="actions")


def username_field(state: type[StepUpPage]) -> rx.Component:
    """Return the field from which a password manager learns the account."""
    return rx.el.input(
        type="email",
        name="username",
        value=state.email,
        auto_complete="username",
        read_only=True,
        hidden=True,
    )


def step_form(
    state: type[FormState],
    name: str,
    on_submit: Any,
    *content: rx.Component,
    action: str = "",
    has_fields: bool = True,
) -> rx.Component:
    """Return the form of a step, with the id `name`-form; its buttons come last in `content`.

    `action` is the path to which the browser posts it while the page is not connected; a form without
    `action` waits for the connection. `has_fields` is whether there is anything to fill in.
    """
    attributes: dict[str, Any] = {"no_validate": True} if has_fields else {}
    attributes |= {"method": "post", "action": action} if action else {"data_connected_only": "true"}
    return rx.el.form(
        *content,
        on_submit=on_submit,
        aria_busy=state.pending,
        data_answers=state.answers,
        class_name="form form-narrow" if has_fields else "form",
        custom_attrs=named(f"{name}-form"),
        **attributes,
    )


def step_container(content: Any) -> rx.Component:
    """Return the element in which the steps of a card replace each other."""
    return rx.el.div(content, class_name="step", custom_attrs=named("step"))


def confirm_step(state: type[StepUpPage], why: Any) -> rx.Component:
    """Return the step that asks for the password, and for a code if MFA is on."""
    code = rx.el.div(code_field(state), switch_code_button(state), class_name="field-and-way")
    return rx.el.div(
        step_title("Confirm it's you"),
        rx.el.p(why, class_name="said"),
        step_form(
            state,
            "confirm",
            state.confirm,
            username_field(state),
            password_field(state, "current-password"),
            rx.cond(state.on, code),
            step_buttons(state, submit_button(state, "Continue", "Checking…", "")),
        ),
        key="confirm",
    )


def reauth_reason(state: type[StepUpPage], purpose: str) -> rx.Var[str]:
    """Return why the step asks: for the password, and for a code if MFA is on."""
    before = f"To {purpose}, enter your password"
    return rx.cond(state.on, f"{before} and a verification code.", f"{before}.")


def intent_button(state: type[StepUpPage], label: str, intent: str, look: str = "") -> rx.Component:
    """Return the button that starts `intent`."""
    return rx.el.button(
        label,
        type="button",
        class_name=f"button {look}",
        on_click=state.ask(intent),
        data_ask=intent,
        key=intent,
    )
