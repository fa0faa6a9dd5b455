"""The page of one account, for administrators."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.sessions.devices import MOST_LISTED
from autograph_web.ui.account_frame import skeleton
from autograph_web.ui.admin.events import COLUMNS, audit_table_row
from autograph_web.ui.admin.frame import admin_frame
from autograph_web.ui.admin.person.state import Intent, PersonState
from autograph_web.ui.admin.person.steps import step
from autograph_web.ui.components.cards import card, fact, time_of
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.devices import device_line, last_seen
from autograph_web.ui.components.forms import claim_form, form_messages
from autograph_web.ui.components.listing import empty_list, table_of
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.components.steps import intent_button
from autograph_web.ui.routes import ADMIN_PERSON, ADMIN_USERS
from autograph_web.ui.view_models import DeviceRow

_VISIBLE = 5  # keeps the events below within reach for an account with many sessions


def person_page() -> rx.Component:
    """Return the page: account, sessions and events; while a step is active it shows only that step."""
    missing = empty_list("Account not found. It may have been deleted.", "Back to users", ADMIN_USERS.path)
    return admin_frame(
        PersonState,
        ADMIN_PERSON,
        "Account details, activity and actions.",
        rx.fragment(
            form_messages(PersonState),
            rx.cond(PersonState.missing, missing, _cards()),
        ),
        skeleton("card-wide", "card-wide"),
        claim_form(PersonState),
        browser_commands(PersonState.leave, PersonState.focus),
        load=PersonState.load,
        section=ADMIN_USERS,
    )


def _cards() -> rx.Component:
    idle = PersonState.step == ""
    return rx.el.div(
        _person_card(),
        rx.cond(idle, rx.fragment(_devices_card(), _events_card())),
        class_name="cards",
        data_step=PersonState.step,
        custom_attrs=named("person-cards"),
    )


def _person_card() -> rx.Component:
    person = PersonState.person
    badges = rx.fragment(
        rx.cond(person.administrator, rx.el.span("Administrator", class_name="badge badge-good")),
        rx.cond(person.locked, rx.el.span("Locked", class_name="badge badge-warn")),
        rx.cond(PersonState.mine, rx.el.span("You", class_name="badge")),
    )
    seen = rx.cond(person.seen_at != "", time_of(person.seen_at, person.seen_when), "Never")
    facts = rx.el.dl(
        fact("Email", _either(person.verified, "Verified", "Not verified")),
        fact("Role", _either(person.administrator, "Administrator", "User")),
        fact("Status", _either(person.locked, "Locked", "Active")),
        fact("Two-step verification", _two_step()),
        fact("Last sign-in", seen),
        fact("Created", time_of(person.made_at, person.made_when)),
        fact("Account ID", rx.el.code(person.key, class_name="id")),
        class_name="facts facts-grid",
    )
    return card(
        "person",
        person.email,
        facts,
        rx.cond(PersonState.step == "", _actions(), rx.el.div(step(), class_name="card-work")),
        badge=badges,
    )


def _either(so: Any, words: str, others: str) -> rx.Component:
    return rx.el.span(rx.cond(so, words, others))


def _two_step() -> rx.Component:
    return rx.fragment(
        rx.cond(
            PersonState.person.two_step,
            rx.fragment(
                "On · ",
                _so_many(PersonState.codes_left, "recovery code left", "recovery codes left"),
                " · ",
                _so_many(PersonState.trusted, "trusted browser", "trusted browsers"),
            ),
            "Off",
        )
    )


def _so_many(number: rx.Var[int] | int, one: str, many: str) -> rx.Var[str]:
    return rx.cond(number == 1, f"1 {one}", f"{number} {many}")


def _actions() -> rx.Component:
    """Return the available actions; administrators cannot lock or reset the MFA of their own account."""
    person = PersonState.person
    lock = rx.cond(
        person.locked,
        intent_button(PersonState, "Unlock account", Intent.UNLOCK.value),
        intent_button(PersonState, "Lock account", Intent.LOCK.value, "button-danger"),
    )
    role = rx.cond(
        person.administrator,
        intent_button(PersonState, "Remove administrator role", Intent.MAKE_USER.value),
        intent_button(PersonState, "Make administrator", Intent.MAKE_ADMIN.value),
    )
    reset = intent_button(PersonState, "Reset two-step verification", Intent.RESET_MFA.value)
    return rx.el.div(
        role,
        intent_button(PersonState, "Sign out everywhere", Intent.END_SESSIONS.value),
        intent_button(PersonState, "Lift limits", Intent.LIFT_LIMITS.value),
        rx.cond(PersonState.mine, rx.fragment(), rx.fragment(rx.cond(person.two_step, reset), lock)),
        class_name="actions rest",
    )


def _devices_card() -> rx.Component:
    devices = PersonState.devices
    return card(
        "person-devices",
        "Active sessions",
        rx.cond(
            devices,
            rx.el.ul(rx.foreach(devices[:_VISIBLE], _device), class_name="events"),
            rx.el.p("No active sessions.", class_name="empty"),
        ),
        rx.cond(
            devices.length() > _VISIBLE,
            rx.el.details(
                rx.el.summary(f"Show {devices.length() - _VISIBLE} more", class_name="link-button"),
                rx.el.ul(rx.foreach(devices[_VISIBLE:], _device), class_name="events"),
                class_name="other-way rest",
            ),
        ),
        rx.cond(
            PersonState.open_count > devices.length(),
            rx.el.p(f"Showing the {MOST_LISTED} most recently used.", class_name="said"),
        ),
    )


def _device(row: DeviceRow) -> rx.Component:
    return device_line(row, last_seen(row))


def _events_card() -> rx.Component:
    return card(
        "person-events",
        "Recent events",
        table_of("events", "Recent events, newest first", COLUMNS, PersonState.rows, audit_table_row),
        rx.el.div(
            NativeLink.create(
                "View all events", href=PersonState.all_events, class_name="button button-small"
            ),
            class_name="rest",
        ),
    )
