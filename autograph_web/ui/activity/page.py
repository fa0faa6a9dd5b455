"""The activity page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import account_frame, skeleton
from autograph_web.ui.activity.filters import DEVICES, GROUPS, RANGES
from autograph_web.ui.activity.state import ActivityState
from autograph_web.ui.components.cards import card, time_of
from autograph_web.ui.components.connection import signals
from autograph_web.ui.components.icons import icon, icon_of
from autograph_web.ui.components.native import NativeForm, NativeLink, named
from autograph_web.ui.routes import ACTIVITY
from autograph_web.ui.viewer import ICONS, ActivityRow


def activity_page() -> rx.Component:
    """What to show, the list, and the ways to take all of it along."""
    return account_frame(
        ActivityState,
        ACTIVITY,
        "Everything that happened on your account. If something wasn't you, change your password.",
        rx.el.div(_events_card(), _files_card(), class_name="cards", custom_attrs=named("activity-cards")),
        skeleton("card-activity", "card-wide"),
        signals(ActivityState.leave, ActivityState.focus, ActivityState.address),
        rx.el.script(src="/download.js", defer=True),
        load=ActivityState.load,
    )


def _events_card() -> rx.Component:
    return card(
        "activity",
        "Events",
        _filters(),
        _problem(),
        rx.el.p(ActivityState.said, role="status", class_name="sr-only", custom_attrs=named("activity-said")),
        rx.cond(ActivityState.from_the_middle, _newest()),
        rx.cond(ActivityState.rows, rx.fragment(_table(), _rest()), _nothing()),
    )


def _filters() -> rx.Component:
    """The choices: each acts at once; as a form they are also what the address says."""
    return NativeForm.create(
        _choice("group", "What", GROUPS, ActivityState.group),
        _choice("device", "Where", DEVICES, ActivityState.device),
        _choice("range", "When", RANGES, ActivityState.range),
        method="get",
        action=ACTIVITY.path,
        aria_busy=ActivityState.pending,
        class_name="filters",
        custom_attrs=named("filters"),
    )


def _choice(
    name: str, label: str, options: tuple[tuple[str, str], ...], value: rx.Var[str] | str
) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"filter-{name}"),
        rx.el.select(
            *(rx.el.option(words, value=option) for option, words in options),
            name=name,
            value=value,
            on_change=lambda chosen: ActivityState.choose(name, chosen),
            class_name="input select",
            custom_attrs=named(f"filter-{name}"),
        ),
        class_name="field",
    )


def _problem() -> rx.Component:
    """What kept events from being read; the region is always there to announce it."""
    box = rx.el.div(icon("warning"), rx.el.p(ActivityState.problem), class_name="box box-bad")
    return rx.el.div(
        rx.cond(ActivityState.problem != "", box), role="alert", custom_attrs=named("activity-alert")
    )


def _table() -> rx.Component:
    """A table where there is room, and one block an event where there is not.

    The roles are spelled out because browsers forget those of a table that is laid out otherwise.
    """
    heads = ("Event", "Device", "Address", "Time")
    return rx.el.table(
        rx.el.caption("Events, the newest first", class_name="sr-only"),
        rx.el.thead(
            rx.el.tr(*(rx.el.th(head, scope="col", role="columnheader") for head in heads), role="row"),
            role="rowgroup",
        ),
        rx.el.tbody(rx.foreach(ActivityState.rows, _row), role="rowgroup"),
        role="table",
        class_name="table",
        aria_busy=ActivityState.pending,
        custom_attrs=named("events"),
    )


def _row(row: ActivityRow) -> rx.Component:
    here = rx.cond(row.here, rx.el.span("This session", class_name="badge badge-good"))
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


def _rest() -> rx.Component:
    """The way to older events, or that there are none."""
    more = rx.el.button(
        rx.cond(ActivityState.pending, "Loading…", "Show older"),
        type="button",
        class_name="button",
        on_click=ActivityState.older,
        custom_attrs=named("older"),
    )
    full = rx.el.div(
        rx.el.p("That's as much as one page holds.", class_name="said"),
        NativeLink.create(
            "Go on with older events",
            href=ActivityState.go_on,
            class_name="button",
            custom_attrs=named("go-on"),
        ),
        class_name="full",
    )
    end = rx.el.p("That's everything.", class_name="said")
    return rx.el.div(
        rx.cond(ActivityState.more, more, rx.cond(ActivityState.go_on != "", full, end)),
        tab_index=-1,
        class_name="rest",
        custom_attrs=named("activity-end"),
    )


def _newest() -> rx.Component:
    return rx.el.p(
        "You're looking at older events. ",
        NativeLink.create("Show the newest", href=ACTIVITY.path),
        class_name="said middle",
    )


def _nothing() -> rx.Component:
    return rx.el.div(
        rx.el.p("Nothing like that has happened.", class_name="empty"),
        NativeLink.create("Show everything", href=ACTIVITY.path, class_name="button button-small"),
        class_name="rest",
        custom_attrs=named("nothing"),
    )


def _files_card() -> rx.Component:
    return card(
        "take-along",
        "Take it along",
        rx.el.p("Everything the choices above pick, however much it is, as a file."),
        rx.el.div(
            _file("CSV", ActivityState.csv, "autograph-activity.csv"),
            _file("JSON", ActivityState.json, "autograph-activity.json"),
            class_name="actions card-actions",
        ),
        _progress(),
    )


def _file(form: str, address: rx.Var[str] | str, name: str) -> rx.Component:
    return NativeLink.create(
        icon("download"),
        rx.el.span("Download ", class_name="sr-only"),
        form,
        href=address,
        class_name="button",
        custom_attrs={"download": name, "data-progress": "download-progress"},
    )


def _progress() -> rx.Component:
    """How far a download is; download.js fills it, and React never does."""
    return rx.el.div(
        rx.el.div(
            rx.el.progress(aria_label="Events downloaded", custom_attrs={"data-bar": ""}),
            rx.el.span(class_name="quiet", custom_attrs={"data-count": ""}),
            rx.el.button(
                "Cancel",
                type="button",
                class_name="button button-small button-plain",
                custom_attrs={"data-cancel": ""},
            ),
            hidden=True,
            class_name="progress",
            custom_attrs={"data-running": ""},
        ),
        rx.el.p(role="status", class_name="did", custom_attrs={"data-said": ""}),
        class_name="card-work",
        custom_attrs=named("download-progress"),
    )
