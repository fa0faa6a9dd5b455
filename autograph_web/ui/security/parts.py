"""What the cards and the steps of the security page share."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.components.native import named
from autograph_web.ui.security.state import SecurityState
from autograph_web.ui.security.wishes import Wish


def ask_button(label: str, wish: Wish, look: str = "") -> rx.Component:
    """The button that begins what `wish` stands for."""
    return rx.el.button(
        label,
        type="button",
        class_name=f"button {look}",
        on_click=SecurityState.ask(wish.value),
        data_ask=wish.value,
        key=wish.value,
    )


def step_title(text: rx.Var[str] | str) -> rx.Component:
    """The heading of a step, where the focus goes when it appears."""
    return rx.el.h3(text, tab_index=-1, class_name="step-title", custom_attrs=named("step-title"))


def cancel_button(**attributes: Any) -> rx.Component:
    """The way out of a step."""
    return rx.el.button(
        "Cancel",
        type="button",
        class_name="button button-plain",
        on_click=SecurityState.cancel,
        **attributes,
    )


def username_field() -> rx.Component:
    """Tells a password manager whose password is asked for."""
    return rx.el.input(
        type="email",
        name="username",
        value=SecurityState.email,
        auto_complete="username",
        read_only=True,
        hidden=True,
    )
