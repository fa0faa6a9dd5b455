"""The cards of the security page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.cards import card, few_codes, time_of
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.steps import intent_button
from autograph_web.ui.security.intents import Intent
from autograph_web.ui.security.state import SecurityState
from autograph_web.ui.security.steps import steps
from autograph_web.ui.view_models import FEW_CODES, TrustedRow


def two_step_card() -> rx.Component:
    """Return the card of two-step verification: its status, its actions, and the active step."""
    badge = rx.cond(
        SecurityState.on,
        rx.el.span("On", class_name="badge badge-good"),
        rx.el.span("Off", class_name="badge badge-warn"),
    )
    said = rx.cond(
        SecurityState.on,
        "You sign in with your password and a code from your authenticator app.",
        "Require a code from an authenticator app when you sign in.",
    )
    return card(
        "two-step",
        "Two-step verification",
        rx.el.p(said),
        rx.cond(SecurityState.step == "", _ways_on()),
        rx.cond(SecurityState.step != "", rx.el.div(steps(), class_name="card-work")),
        badge=rx.fragment(badge),
    )


def recovery_card() -> rx.Component:
    """Return the card with the number of recovery codes left, and the button for new ones."""
    left = SecurityState.codes_left
    return card(
        "recovery-codes",
        "Recovery codes",
        rx.el.p("Use a recovery code to sign in if you lose your authenticator app. Each code works once."),
        rx.cond(left <= FEW_CODES, few_codes(SecurityState.codes_left)),
        rx.el.div(_button("Generate new codes", Intent.NEW_CODES), class_name="actions card-actions"),
        badge=rx.el.span(
            f"{left} left",
            class_name=rx.cond(left <= FEW_CODES, "badge badge-warn", "badge badge-good"),
            data_count=left,
        ),
    )


def devices_card() -> rx.Component:
    """Return the card of trusted browsers, which need no code."""
    listed = rx.fragment(
        rx.el.p("These browsers don't ask for a code."),
        rx.el.ul(rx.foreach(SecurityState.devices, _device), class_name="events"),
    )
    none = rx.el.p(
        "No trusted browsers. When you sign in, you can choose not to be asked for a code on that browser "
        "for 30 days."
    )
    return card("trusted-devices", "Trusted browsers", rx.cond(SecurityState.devices, listed, none))


def _ways_on() -> rx.Component:
    changes = rx.fragment(
        _button("Replace authenticator app", Intent.REPLACE),
        _button("Turn off", Intent.TURN_OFF, "button-danger"),
    )
    return rx.el.div(
        rx.cond(SecurityState.on, changes, _button("Turn on", Intent.TURN_ON, "button-primary")),
        key="ways-on",
        aria_busy=SecurityState.pending,
        class_name="actions card-actions",
    )


def _device(row: TrustedRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(icon("devices"), class_name="event-icon"),
        rx.el.div(
            rx.el.p(row.name, class_name="event-label"),
            rx.el.p(row.ip, " · last used: ", time_of(row.used_at, row.used_when), class_name="event-where"),
            rx.el.p("Trusted until: ", time_of(row.ends_at, row.ends_when), class_name="event-where"),
            class_name="event-what",
        ),
        rx.el.button(
            "Remove",
            rx.el.span(f" {row.name}", class_name="sr-only"),
            type="button",
            class_name="button button-small",
            on_click=SecurityState.distrust(row.key),
        ),
        key=row.key,
        class_name="event device",
    )


def _button(label: str, intent: Intent, look: str = "") -> rx.Component:
    return intent_button(SecurityState, label, intent.value, look)
