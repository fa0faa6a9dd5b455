"""The field for a new password, with advice and a strength meter."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.components.forms import password_field
from autograph_web.ui.components.native import named
from autograph_web.ui.new_password import NewPassword

# Long enough not to assess half a word, short enough to feel immediate (milliseconds).
_PAUSE = 250
# The recommended length where the configured minimum is lower (characters).
_ADVISED = 12


def new_password_field(
    state: type[NewPassword], label: str = "Password", name: str = "password"
) -> rx.Component:
    """Return a password field with hint, strength meter and reasons."""

    def judged(typed: rx.Var[str]) -> Any:
        return state.assess.debounce(_PAUSE)(typed, state.answers)

    return password_field(
        state,
        "new-password",
        _hint(state),
        _meter(state),
        name=name,
        label=label,
        hint_id="password-hint",
        on_change=judged,
    )


def _hint(state: type[NewPassword]) -> rx.Component:
    short = rx.cond(
        state.shortest > 0,
        f"Use at least {state.shortest} characters; 12 or more is better. ",
        "Use 12 or more characters. ",
    )
    advised = rx.cond(state.shortest < _ADVISED, short, f"Use at least {state.shortest} characters. ")
    return rx.el.p(
        advised,
        "A passphrase or a password manager works well.",
        class_name="hint",
        custom_attrs=named("password-hint"),
    )


def _meter(state: type[NewPassword]) -> rx.Component:
    """Return the strength as a bar, a word and reasons; the words are announced, the bar is not."""
    return rx.el.div(
        rx.cond(state.score >= 0, _bar(state)),
        rx.el.div(
            rx.cond(
                state.score >= 0,
                rx.el.p(
                    rx.el.span("Strength: ", class_name="sr-only"),
                    state.strength,
                    class_name="strength-label",
                ),
            ),
            rx.el.ul(
                rx.foreach(state.reasons, rx.el.li),
                class_name="strength-reasons",
            ),
            aria_live="polite",
            custom_attrs=named("password-strength"),
        ),
        class_name="strength",
        data_score=state.score,
    )


def _bar(state: type[NewPassword]) -> rx.Component:
    return rx.el.div(
        *(rx.el.span() for _ in range(4)),
        aria_label="Password strength",
        aria_valuemin="0",
        aria_valuemax="4",
        aria_valuenow=state.score,
        aria_valuetext=state.strength,
        class_name="strength-bar",
        custom_attrs={"role": "meter"},  # Reflex's own list of roles lacks it
    )
