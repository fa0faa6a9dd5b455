"""The overview: account, protection, sessions and recent events."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import account_frame, skeleton
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.native import named
from autograph_web.ui.dashboard.cards import activity_card, details_card, security_card, sessions_card
from autograph_web.ui.dashboard.state import DashboardState
from autograph_web.ui.routes import DASHBOARD


def dashboard_page() -> rx.Component:
    """Return the overview; it shows placeholders until the account has been read."""
    return account_frame(
        DashboardState,
        DASHBOARD,
        "Your account at a glance.",
        _account(),
        skeleton("card-security", "", "", "card-activity"),
        browser_commands(DashboardState.leave),
        load=DashboardState.load,
    )


def _account() -> rx.Component:
    return rx.el.div(
        security_card(),
        details_card(),
        sessions_card(),
        activity_card(),
        class_name="cards cards-two",
        custom_attrs=named("account"),
    )
