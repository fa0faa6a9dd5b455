"""The switch between light, dark and the system's color scheme."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.icons import icon

_CHOICES = (("system", "screen", "System"), ("light", "sun", "Light"), ("dark", "moon", "Dark"))


def theme_switch() -> rx.Component:
    """Return three buttons whose behaviour session.js adds; without it the system's scheme applies."""
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
        aria_label="Theme",
        class_name="theme-switch needs-js",
    )
