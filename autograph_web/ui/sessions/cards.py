"""The cards of the devices page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.sessions.devices import MOST_LISTED
from autograph_web.ui import messages
from autograph_web.ui.components.cards import card
from autograph_web.ui.components.devices import device_line, last_seen
from autograph_web.ui.components.native import NativeForm, named
from autograph_web.ui.sessions.state import SessionsState
from autograph_web.ui.view_models import DeviceRow


def this_device_card() -> rx.Component:
    """Return the card of the current session."""
    return card(
        "this-device",
        "This device",
        rx.el.ul(rx.foreach(SessionsState.here, _this_device), class_name="events"),
        badge=rx.el.span("Active now", class_name="badge badge-good"),
    )


def other_devices_card() -> rx.Component:
    """Return the card of all other sessions, with the buttons that end them."""
    listed = rx.fragment(
        rx.el.p("Don't recognize a device? Sign it out and change your password."),
        rx.el.ul(rx.foreach(SessionsState.others, _other_device), class_name="events"),
        rx.cond(
            SessionsState.more, rx.el.p(f"Showing the {MOST_LISTED} most recently used.", class_name="said")
        ),
        _everyone_else(),
    )
    return card(
        "other-devices",
        "Other devices",
        rx.cond(SessionsState.others, listed, rx.el.p(messages.ONLY_HERE, class_name="empty")),
    )


def _this_device(row: DeviceRow) -> rx.Component:
    sign_out = NativeForm.create(
        _button("this device"), method="post", action="/session/end", class_name="event-way"
    )
    return device_line(row, action=sign_out)


def _other_device(row: DeviceRow) -> rx.Component:
    sign_out = rx.el.form(
        rx.el.input(type="hidden", name="session", value=row.key, read_only=True),
        _button(row.name),
        method="post",
        action="/session/sign-out-device",
        on_submit=SessionsState.sign_out,
        aria_busy=SessionsState.pending,
        data_answers=SessionsState.answers,
        class_name="event-way",
    )
    return device_line(row, last_seen(row), action=sign_out)


def _button(of: rx.Var[str] | str) -> rx.Component:
    return rx.el.button(
        "Sign out", rx.el.span(" ", of, class_name="sr-only"), type="submit", class_name="button button-small"
    )


def _everyone_else() -> rx.Component:
    """Return the form that signs all others out, behind a confirmation because it cannot be undone."""
    return rx.el.details(
        rx.el.summary("Sign out all other devices", class_name="button button-danger"),
        rx.el.form(
            rx.el.p(
                "You'll be signed out on every other device and API client. This device stays signed in."
            ),
            rx.el.div(
                rx.el.button("Yes, sign out all others", type="submit", class_name="button button-bad"),
                rx.el.button("Cancel", type="button", class_name="button needs-js", data_close="true"),
                class_name="actions",
            ),
            method="post",
            action="/session/sign-out-others",
            on_submit=SessionsState.sign_out_others,
            aria_busy=SessionsState.pending,
            data_answers=SessionsState.answers,
            custom_attrs=named("others-form"),
        ),
        class_name="confirm",
        custom_attrs=named("all-others"),
    )
