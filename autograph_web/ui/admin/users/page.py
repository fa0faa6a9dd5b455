"""The page of users."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import skeleton
from autograph_web.ui.admin.events import account_link
from autograph_web.ui.admin.frame import admin_frame
from autograph_web.ui.admin.rows import UserRow
from autograph_web.ui.admin.users.filters import ROLES, STATUSES, TWO_STEP
from autograph_web.ui.admin.users.state import UsersState
from autograph_web.ui.components.cards import card, time_of
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.listing import (
    announcements,
    empty_list,
    filter_form,
    filter_select,
    filter_text,
    load_more_button,
    table,
)
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.routes import ADMIN_NEW_USER, ADMIN_USERS


def users_page() -> rx.Component:
    """Return the page of users: filters and the matching accounts, by address."""
    return admin_frame(
        UsersState,
        ADMIN_USERS,
        "Everyone with an account on this server.",
        rx.el.div(_people_card(), class_name="cards", custom_attrs=named("users-cards")),
        skeleton("card-activity"),
        browser_commands(UsersState.leave, UsersState.focus, UsersState.address),
        load=UsersState.load,
    )


def _people_card() -> rx.Component:
    columns = ("Account", "Two-step", "Last sign-in", "Created")
    people = table(UsersState, "people", "Accounts, by email", columns, UsersState.rows, _row)
    more = load_more_button(UsersState, "users", "Show more", "Next page")
    new = NativeLink.create(
        "Create account", href=ADMIN_NEW_USER.path, class_name="button button-small button-primary"
    )
    return card(
        "users",
        "Accounts",
        _filters(),
        announcements(UsersState, "users"),
        rx.cond(UsersState.from_the_middle, _first()),
        rx.cond(
            UsersState.rows,
            rx.fragment(people, more),
            empty_list("No matching accounts.", "Clear filters", ADMIN_USERS.path),
        ),
        badge=new,
    )


def _filters() -> rx.Component:
    return filter_form(
        UsersState,
        ADMIN_USERS.path,
        filter_text(UsersState, "part", "Search by email"),
        selects=(
            filter_select(UsersState, "role", "Role", ROLES),
            filter_select(UsersState, "status", "Status", STATUSES),
            filter_select(UsersState, "mfa", "Two-step verification", TWO_STEP),
        ),
    )


def _row(row: UserRow) -> rx.Component:
    badges = rx.fragment(
        rx.cond(row.administrator, rx.el.span("Administrator", class_name="badge badge-good")),
        rx.cond(row.locked, rx.el.span("Locked", class_name="badge badge-warn")),
    )
    who = rx.el.div(
        account_link(row.key, row.email),
        badges,
        class_name="event-label",
    )
    seen = rx.cond(row.seen_at != "", time_of(row.seen_at, row.seen_when), "Never")
    return rx.el.tr(
        rx.el.td(who, role="cell"),
        rx.el.td(rx.cond(row.two_step, "On", "Off"), role="cell", class_name="quiet", data_head="Two-step"),
        rx.el.td(seen, role="cell", class_name="quiet", data_head="Last sign-in"),
        rx.el.td(time_of(row.made_at, row.made_when), role="cell", class_name="quiet", data_head="Created"),
        key=row.key,
        role="row",
    )


def _first() -> rx.Component:
    return rx.el.p(
        "Showing a later part of the list. ",
        NativeLink.create("Back to start", href=ADMIN_USERS.path),
        class_name="said middle",
    )
