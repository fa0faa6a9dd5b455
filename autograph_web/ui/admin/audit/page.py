"""The audit page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import skeleton
from autograph_web.ui.admin.audit.filters import GROUPS, KINDS, OUTCOMES
from autograph_web.ui.admin.audit.state import AuditState
from autograph_web.ui.admin.events import COLUMNS, audit_table_row
from autograph_web.ui.admin.frame import admin_frame
from autograph_web.ui.components.cards import card
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.listing import downloads, event_list, filter_form, filter_select, filter_text
from autograph_web.ui.components.native import named
from autograph_web.ui.date_ranges import RANGES
from autograph_web.ui.routes import ADMIN_AUDIT


def audit_page() -> rx.Component:
    """Return the audit page: filters, events and downloads."""
    return admin_frame(
        AuditState,
        ADMIN_AUDIT,
        "All security events across all accounts.",
        rx.el.div(
            _events_card(),
            downloads(AuditState.csv, AuditState.json, "audit"),
            class_name="cards",
            custom_attrs=named("audit-cards"),
        ),
        skeleton("card-activity", "card-wide"),
        browser_commands(AuditState.leave, AuditState.focus, AuditState.address),
        rx.el.script(src="/download.js", defer=True),
        load=AuditState.load,
    )


def _events_card() -> rx.Component:
    listed = event_list(
        AuditState, "audit", ADMIN_AUDIT.path, _filters(), COLUMNS, AuditState.rows, audit_table_row
    )
    return card("events-card", "Events", *listed)


def _filters() -> rx.Component:
    return filter_form(
        AuditState,
        ADMIN_AUDIT.path,
        filter_text(AuditState, "person", "Account", "Full email or account ID"),
        filter_text(AuditState, "ip", "IP address", "e.g. 203.0.113.7"),
        selects=(
            filter_select(AuditState, "group", "Category", GROUPS),
            filter_select(AuditState, "kind", "Event", KINDS),
            filter_select(AuditState, "outcome", "Outcome", OUTCOMES),
            filter_select(AuditState, "range", "Date", RANGES),
        ),
    )
