"""The switch between light, dark and whatever the system says."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.icons import icon

_CHOICES = (("system", "screen", "Same as system"), ("light", "sun", "Light"), ("dark", "moon", "Dark"))


def theme_switch() -> rx.Component:
    """Three buttons that session.js brings to life; without it the system decides."""
    return rx.el.div(
        *(
            rx.el.button(
                icon(drawing),
                rx.el.span(label, class_name="sr-only"),
                type="button",
                class_name="theme-button",
                title=label,
                aria_pressed="true" if value == "system" else "false",
                data_theme=value,
            )
            for value, drawing, label in _CHOICES
        ),
        role="group",
        aria_label="Colours",
        class_name="theme-switch needs-js",
    )
