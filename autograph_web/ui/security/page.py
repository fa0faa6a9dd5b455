"""The security page: password, two-step verification, recovery codes, trusted browsers."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import account_frame, skeleton
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import claim_form, form_messages
from autograph_web.ui.components.native import named
from autograph_web.ui.routes import SECURITY
from autograph_web.ui.security.cards import devices_card, recovery_card, two_step_card
from autograph_web.ui.security.intents import Step
from autograph_web.ui.security.password import password_card
from autograph_web.ui.security.state import SecurityState


def security_page() -> rx.Component:
    """Return the security page; while a step is active it shows only the card of that step."""
    return account_frame(
        SecurityState,
        SECURITY,
        "Your password, two-step verification and recovery options.",
        _content(),
        skeleton("card-wide", "card-wide"),
        claim_form(SecurityState),
        browser_commands(SecurityState.leave, SecurityState.focus),
        load=SecurityState.load,
    )


def _content() -> rx.Component:
    return rx.fragment(form_messages(SecurityState), _cards())


def _cards() -> rx.Component:
    idle, changing = SecurityState.step == "", SecurityState.step == Step.PASSWORD.value
    return rx.el.div(
        rx.cond(idle | changing, password_card()),
        rx.cond(changing, rx.fragment(), two_step_card()),
        rx.cond(SecurityState.on & idle, rx.fragment(recovery_card(), devices_card())),
        class_name="cards",
        data_step=SecurityState.step,
        custom_attrs=named("security"),
    )
