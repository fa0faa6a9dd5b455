"""The audit page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import skeleton
from autograph_web.ui.admin.audit.filters import GROUPS, KINDS, OUTCOMES
from autograph_web.ui.admin.audit.state import AuditState
from autograph_web.ui.admin.events import HEADS, finding
from autograph_web.ui.admin.frame import admin_frame
from autograph_web.ui.components.cards import card
from autograph_web.ui.components.connection import signals
from autograph_web.ui.components.listing import choice, choices_form, events, files, typed
from autograph_web.ui.components.native import named
from autograph_web.ui.ranges import RANGES
from autograph_web.ui.routes import ADMIN_AUDIT


def audit_page() -> rx.Component:
    """What to look for, what happened, and the ways to take all of it along."""
    return admin_frame(
        AuditState,
        ADMIN_AUDIT,
        "Everything that happened, on every account.",
        rx.el.div(
            _events_card(),
            files(AuditState.csv, AuditState.json, "audit"),
            class_name="cards",
            custom_attrs=named("audit-cards"),
        ),
        skeleton("card-activity", "card-wide"),
        signals(AuditState.leave, AuditState.focus, AuditState.address),
        rx.el.script(src="/download.js", defer=True),
        load=AuditState.load,
    )


def _events_card() -> rx.Component:
    listed = events(AuditState, "audit", ADMIN_AUDIT.path, _filters(), HEADS, AuditState.rows, finding)
    return card("events-card", "Events", *listed)


def _filters() -> rx.Component:
    return choices_form(
        AuditState,
        ADMIN_AUDIT.path,
        typed(AuditState, "person", "Account", "Whole address or id"),
        typed(AuditState, "ip", "Network address", "Such as 203.0.113.7"),
        choices=(
            choice(AuditState, "group", "About", GROUPS),
            choice(AuditState, "kind", "Event", KINDS),
            choice(AuditState, "outcome", "Outcome", OUTCOMES),
            choice(AuditState, "range", "When", RANGES),
        ),
    )
