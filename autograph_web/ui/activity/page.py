"""The activity page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import account_frame, skeleton
from autograph_web.ui.activity.filters import DEVICES, GROUPS
from autograph_web.ui.activity.state import ActivityState
from autograph_web.ui.components.cards import card, time_of
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.icons import icon_of
from autograph_web.ui.components.listing import downloads, event_list, filter_select
from autograph_web.ui.components.native import NativeForm, named
from autograph_web.ui.date_ranges import RANGES
from autograph_web.ui.routes import ACTIVITY
from autograph_web.ui.view_models import ICONS, ActivityRow


def activity_page() -> rx.Component:
    """Return the activity page: filters, events and downloads."""
    return account_frame(
        ActivityState,
        ACTIVITY,
        "Sign-ins and changes on your account. Don't recognize something? Change your password.",
        rx.el.div(
            _events_card(),
            downloads(ActivityState.csv, ActivityState.json, "activity"),
            class_name="cards",
            custom_attrs=named("activity-cards"),
        ),
        skeleton("card-activity", "card-wide"),
        browser_commands(ActivityState.leave, ActivityState.focus, ActivityState.address),
        rx.el.script(src="/download.js", defer=True),
        load=ActivityState.load,
    )


def _events_card() -> rx.Component:
    columns = ("Event", "Device", "IP address", "Time")
    listed = event_list(
        ActivityState, "activity", ACTIVITY.path, _filters(), columns, ActivityState.rows, _row
    )
    return card("activity", "Events", *listed)


def _filters() -> rx.Component:
    """Return the filters: each applies at once; submitted as a form they are the query of the URL."""
    return NativeForm.create(
        filter_select(ActivityState, "group", "Type", GROUPS),
        filter_select(ActivityState, "device", "Device", DEVICES),
        filter_select(ActivityState, "range", "Date", RANGES),
        method="get",
        action=ACTIVITY.path,
        aria_busy=ActivityState.pending,
        class_name="filters",
        custom_attrs=named("filters"),
    )


def _row(row: ActivityRow) -> rx.Component:
    here = rx.cond(row.here, rx.el.span("This device", class_name="badge badge-good"))
    what = rx.el.div(
        rx.el.span(icon_of(row.icon, *ICONS), class_name="event-icon", data_icon=row.icon),
        rx.el.div(row.label, here, class_name="event-label"),
        class_name="what",
    )
    return rx.el.tr(
        rx.el.td(what, role="cell"),
        rx.el.td(row.device, role="cell", class_name="quiet"),
        rx.el.td(row.ip, role="cell", class_name="quiet"),
        rx.el.td(time_of(row.at, row.when), role="cell", class_name="quiet"),
        key=row.key,
        role="row",
    )
