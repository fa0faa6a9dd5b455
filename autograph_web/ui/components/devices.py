"""One open session in a list."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.cards import time_of
from autograph_web.ui.components.icons import icon_of
from autograph_web.ui.view_models import DeviceRow


def device_line(row: DeviceRow, *more: rx.Component, action: rx.Component | None = None) -> rx.Component:
    """Return the list item of a session: device, address, time; `action` is what can be done with it."""
    return rx.el.li(
        rx.el.span(icon_of(row.icon, "devices", "key"), class_name="event-icon"),
        rx.el.div(
            rx.el.p(row.name, class_name="event-label"),
            rx.el.p(row.ip, " · ", row.how, class_name="event-where"),
            rx.el.p("Signed in: ", time_of(row.since_at, row.since_when), class_name="event-where"),
            *more,
            class_name="event-what",
        ),
        *([action] if action else []),
        key=row.key,
        data_session=row.key,
        class_name="event device",
    )


def last_seen(row: DeviceRow) -> rx.Component:
    """Return the time it was last used."""
    return rx.el.p("Last active: ", time_of(row.seen_at, row.seen_when), class_name="event-where")
