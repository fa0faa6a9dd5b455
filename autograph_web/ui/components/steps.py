"""The steps of a change: what each begins with, the way out, and the one that asks who is looking."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.components.forms import code_field, password_field, submit_button, switch_code_button
from autograph_web.ui.components.native import named
from autograph_web.ui.form_state import FormState
from autograph_web.ui.step_up import StepUpPage


def step_title(text: rx.Var[str] | str) -> rx.Component:
    """The heading of a step, where the focus goes when it appears."""
    return rx.el.h3(text, tab_index=-1, class_name="step-title", custom_attrs=named("step-title"))


def cancel_button(state: type[StepUpPage], **attributes: Any) -> rx.Component:
    """The way out of a step."""
    return rx.el.button(
        "Cancel", type="button", class_name="button button-plain", on_click=state.cancel, **attributes
    )


def step_buttons(state: type[StepUpPage], first: rx.Component) -> rx.Component:
    """The button that goes on, and the way out."""
    return rx.el.div(first, cancel_button(state, custom_attrs=named("cancel")), class_name="actions")


def username_field(state: type[StepUpPage]) -> rx.Component:
    """Tells a password manager whose password is asked for."""
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
    """The form of a step, with the id `name`-form; its buttons come last in `content`.

    `action` is where a browser without a connection posts it; without one it waits for the connection.
    `has_fields` is whether there is anything to fill in.
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
    """Where the steps of a card replace each other."""
    return rx.el.div(content, class_name="step", custom_attrs=named("step"))


def confirm_step(state: type[StepUpPage], why: Any) -> rx.Component:
    """Asks for the password, and for a code where there is one."""
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


def intent_button(state: type[StepUpPage], label: str, intent: str, look: str = "") -> rx.Component:
    """The button that begins what `intent` stands for."""
    return rx.el.button(
        label,
        type="button",
        class_name=f"button {look}",
        on_click=state.ask(intent),
        data_ask=intent,
        key=intent,
    )
