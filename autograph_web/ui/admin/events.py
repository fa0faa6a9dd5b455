"""A table of audit events with the account of each."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.admin.rows import AuditRow
from autograph_web.ui.components.cards import time_of
from autograph_web.ui.components.icons import icon_of
from autograph_web.ui.components.native import NativeLink
from autograph_web.ui.routes import ADMIN_PERSON
from autograph_web.ui.view_models import ICONS

COLUMNS = ("Event", "Account", "IP address / device", "Time")


def audit_table_row(row: AuditRow) -> rx.Component:
    """Return the row of one event."""
    by = rx.cond(row.operator != "", rx.el.span("By ", row.operator, class_name="event-where"))
    what = rx.el.div(
        rx.el.span(icon_of(row.icon, *ICONS), class_name="event-icon", data_icon=row.icon),
        rx.el.div(rx.el.span(row.label), by, class_name="event-label"),
        class_name="what",
    )
    return rx.el.tr(
        rx.el.td(what, role="cell"),
        rx.el.td(account_link(row.person, row.email), role="cell", class_name="quiet whose"),
        rx.el.td(
            rx.el.span(row.ip),
            rx.el.span(row.device, class_name="event-where"),
            role="cell",
            class_name="quiet",
        ),
        rx.el.td(time_of(row.at, row.when), role="cell", class_name="quiet"),
        key=row.key,
        role="row",
    )


def account_link(person: rx.Var[str] | str, email: rx.Var[str] | str) -> rx.Component:
    """Return the address of an account, as a link while the account exists."""
    return rx.fragment(
        rx.cond(
            person != "",
            NativeLink.create(email, href=f"{ADMIN_PERSON.path}?id={person}", custom_attrs={"dir": "auto"}),
            rx.el.span(email),
        )
    )
