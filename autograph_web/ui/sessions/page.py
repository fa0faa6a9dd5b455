"""The devices page: open sessions."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import account_frame, skeleton
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import form_messages
from autograph_web.ui.components.native import named
from autograph_web.ui.routes import SESSIONS
from autograph_web.ui.sessions.cards import other_devices_card, this_device_card
from autograph_web.ui.sessions.state import SessionsState


def sessions_page() -> rx.Component:
    """Return the page with every open session of the account, the current one first."""
    return account_frame(
        SessionsState,
        SESSIONS,
        "Devices signed in to your account. Signing one out takes effect immediately.",
        rx.fragment(form_messages(SessionsState), _cards()),
        skeleton("card-wide", "card-wide"),
        browser_commands(SessionsState.leave, SessionsState.focus),
        load=SessionsState.load,
    )


def _cards() -> rx.Component:
    return rx.el.div(
        this_device_card(), other_devices_card(), class_name="cards", custom_attrs=named("sessions-cards")
    )
