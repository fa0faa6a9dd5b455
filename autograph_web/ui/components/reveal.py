"""The places for secrets, empty when they leave the server.

assets/reveal.js fetches what belongs there with the one-use ticket in `data-reveal` and puts it into the
elements with a `data-slot`. React must never give these children or the attributes the script sets, or it
would take them back.
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
    """What `ticket` brings, in the slots of `content`; or that it could not be shown, and the `ways` on."""
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
    """A button that reveal.js brings to life."""
    return rx.el.button(icon(icon_name), label, type="button", class_name="button button-small", **does)


def status_line() -> rx.Component:
    """Where reveal.js says what a button did; always there, so that it is announced."""
    return rx.el.p(role="status", class_name="did", data_said="true")
