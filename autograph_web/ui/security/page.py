"""The security page: how one signs in, and how one gets back in."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import account_frame, skeleton
from autograph_web.ui.components.connection import signals
from autograph_web.ui.components.forms import claim_form
from autograph_web.ui.components.native import named
from autograph_web.ui.routes import SECURITY
from autograph_web.ui.security.cards import devices_card, recovery_card, two_step_card
from autograph_web.ui.security.state import SecurityState


def security_page() -> rx.Component:
    """Two-step verification and what belongs to it; while something is under way there is only that."""
    return account_frame(
        SecurityState,
        SECURITY,
        "How you sign in, and how you get back in.",
        _cards(),
        skeleton("card-wide", "card-wide"),
        claim_form(SecurityState),
        signals(SecurityState.leave, SecurityState.focus),
        load=SecurityState.load,
    )


def _cards() -> rx.Component:
    return rx.el.div(
        two_step_card(),
        rx.cond(
            SecurityState.on & (SecurityState.step == ""),
            rx.fragment(recovery_card(), devices_card()),
        ),
        class_name="cards",
        data_step=SecurityState.step,
        custom_attrs=named("security"),
    )
