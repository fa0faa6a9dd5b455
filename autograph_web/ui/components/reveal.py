"""Placeholders for secrets, which are empty in what the server sends.

assets/reveal.js fetches the secret with the one-time ticket in `data-reveal` and puts it into the elements
with a `data-slot`. React must never set their children or the attributes that the script sets, or it would
remove them.
"""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.components.icons import icon


def revealed(
    ticket: rx.Var[str] | str,
    *content: rx.Component,
    failed: str,
    ways: tuple[rx.Component, ...],
    look: str,
) -> rx.Component:
    """Return the slots for the secret of `ticket`; or the message that it could not be shown, with `ways`."""
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                icon("warning"),
                rx.el.p(failed),
                class_name="box box-bad",
            ),
            rx.el.div(*ways, class_name="actions"),
            role="alert",
            class_name="reveal-failed",
        ),
        rx.el.div(*content, class_name=look),
        class_name="reveal",
        data_reveal=ticket,
    )


def secret_button(icon_name: str, label: str, **does: Any) -> rx.Component:
    """Return a button whose behaviour reveal.js adds."""
    return rx.el.button(icon(icon_name), label, type="button", class_name="button button-small", **does)


def status_line() -> rx.Component:
    """Return the live region for the results of those buttons; it always exists, so changes are announced."""
    return rx.el.p(role="status", class_name="did", data_said="true")
