"""The steps of two-step verification; each replaces the one before."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.forms import app_code_field, submit_button
from autograph_web.ui.components.native import named
from autograph_web.ui.components.steps import (
    cancel_button,
    confirm_step,
    reauth_reason,
    step_buttons,
    step_form,
    step_title,
)
from autograph_web.ui.security.intents import Intent, Step
from autograph_web.ui.security.password import end_others_box
from autograph_web.ui.security.secrets import key_to_scan, recovery_codes
from autograph_web.ui.security.state import SecurityState


def steps() -> rx.Component:
    """Return the active step."""
    return rx.el.div(
        rx.match(
            SecurityState.step,
            (Step.CONFIRM.value, _confirm()),
            (Step.SETUP.value, _setup()),
            (Step.CODES.value, _codes()),
            (Step.NEW_CODES.value, _new_codes()),
            (Step.TURN_OFF.value, _turn_off()),
            rx.fragment(),
        ),
        key="step",
        class_name="step",
        custom_attrs=named("step"),
    )


def _confirm() -> rx.Component:
    return confirm_step(
        SecurityState,
        rx.match(
            SecurityState.intent,
            (Intent.TURN_OFF.value, reauth_reason(SecurityState, "turn off two-step verification")),
            (Intent.PASSWORD.value, reauth_reason(SecurityState, "change your password")),
            (Intent.REPLACE.value, reauth_reason(SecurityState, "replace your authenticator app")),
            (Intent.NEW_CODES.value, reauth_reason(SecurityState, "generate new recovery codes")),
            "It's been a while since you signed in. Enter your password to continue.",
        ),
    )


def _setup() -> rx.Component:
    replacing = SecurityState.intent == Intent.REPLACE.value
    return rx.el.div(
        step_title(rx.cond(replacing, "Set up your new authenticator app", "Set up an authenticator app")),
        rx.cond(
            replacing,
            rx.el.p("Your current authenticator app keeps working until you finish.", class_name="said"),
        ),
        key_to_scan(
            rx.el.h4("2. Enter the 6-digit code", class_name="step-part"),
            step_form(
                SecurityState,
                "setup",
                SecurityState.enable,
                app_code_field(SecurityState),
                end_others_box(),
                step_buttons(
                    SecurityState,
                    submit_button(
                        SecurityState, rx.cond(replacing, "Replace", "Turn on"), "Checking your code…", ""
                    ),
                ),
            ),
            cancel=cancel_button(SecurityState),
        ),
        key="setup",
    )


def _codes() -> rx.Component:
    # Uncontrolled: a box that waits for the server before it changes looks broken.
    tick = rx.el.input(
        type="checkbox", class_name="check", on_change=SecurityState.tick_saved, custom_attrs=named("saved")
    )
    done = rx.el.button(
        "Done",
        type="button",
        disabled=rx.cond(SecurityState.saved, False, True),
        on_click=SecurityState.done,
        class_name="button button-primary",
        custom_attrs=named("done"),
    )
    return rx.el.div(
        step_title("Save your recovery codes"),
        rx.el.p(
            "Use a recovery code to sign in if you lose your authenticator app. Each code works once. We "
            "won't show them again.",
            class_name="said",
        ),
        recovery_codes(
            rx.el.label(tick, rx.el.span("I've saved these codes"), class_name="check-label"),
            rx.el.div(done, class_name="actions"),
        ),
        key="codes",
        class_name="codes-step",
        # While this is true, leaving the page warns.
        data_unsaved=rx.cond(SecurityState.saved, "false", "true"),
    )


def _new_codes() -> rx.Component:
    return rx.el.div(
        step_title("Generate new recovery codes?"),
        rx.el.p(
            "You'll get ten new codes. Your current codes will stop working immediately.", class_name="said"
        ),
        step_buttons(
            SecurityState,
            rx.el.button(
                rx.cond(SecurityState.pending, "Generating…", "Generate new codes"),
                type="button",
                class_name="button button-primary",
                on_click=SecurityState.make_codes,
                custom_attrs=named("make-codes"),
            ),
        ),
        key="new-codes",
    )


def _turn_off() -> rx.Component:
    return rx.el.div(
        step_title("Turn off two-step verification?"),
        rx.el.p(
            "You'll sign in with only your password. Your recovery codes and trusted browsers will be "
            "removed.",
            class_name="said",
        ),
        step_buttons(
            SecurityState,
            rx.el.button(
                rx.cond(SecurityState.pending, "Turning it off…", "Turn off"),
                type="button",
                class_name="button button-bad",
                on_click=SecurityState.turn_off,
                custom_attrs=named("turn-off"),
            ),
        ),
        key="turn-off",
    )
