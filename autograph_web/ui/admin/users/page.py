"""The page of users."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import skeleton
from autograph_web.ui.admin.events import whose
from autograph_web.ui.admin.frame import admin_frame
from autograph_web.ui.admin.rows import PersonRow
from autograph_web.ui.admin.users.filters import ROLES, STATUSES, TWO_STEP
from autograph_web.ui.admin.users.state import UsersState
from autograph_web.ui.components.cards import card, time_of
from autograph_web.ui.components.connection import signals
from autograph_web.ui.components.listing import announced, choice, choices_form, nothing, rest, table, typed
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.routes import ADMIN_NEW_USER, ADMIN_USERS


def users_page() -> rx.Component:
    """What to look for, and everybody who fits, by address."""
    return admin_frame(
        UsersState,
        ADMIN_USERS,
        "Everybody with an account here.",
        rx.el.div(_people_card(), class_name="cards", custom_attrs=named("users-cards")),
        skeleton("card-activity"),
        signals(UsersState.leave, UsersState.focus, UsersState.address),
        load=UsersState.load,
    )


def _people_card() -> rx.Component:
    heads = ("Account", "Two-step", "Last sign-in", "Created")
    people = table(UsersState, "people", "Accounts, by address", heads, UsersState.rows, _row)
    further = rest(UsersState, "users", "Show more", "Go on with the next ones")
    new = NativeLink.create(
        "New account", href=ADMIN_NEW_USER.path, class_name="button button-small button-primary"
    )
    return card(
        "users",
        "Accounts",
        _filters(),
        announced(UsersState, "users"),
        rx.cond(UsersState.from_the_middle, _first()),
        rx.cond(
            UsersState.rows,
            rx.fragment(people, further),
            nothing("No account fits that.", "Show everybody", ADMIN_USERS.path),
        ),
        badge=new,
    )


def _filters() -> rx.Component:
    return choices_form(
        UsersState,
        ADMIN_USERS.path,
        typed(UsersState, "part", "Part of the address"),
        choices=(
            choice(UsersState, "role", "Role", ROLES),
            choice(UsersState, "status", "Status", STATUSES),
            choice(UsersState, "mfa", "Two-step verification", TWO_STEP),
        ),
    )


def _row(row: PersonRow) -> rx.Component:
    badges = rx.fragment(
        rx.cond(row.administrator, rx.el.span("Administrator", class_name="badge badge-good")),
        rx.cond(row.locked, rx.el.span("Locked", class_name="badge badge-warn")),
    )
    who = rx.el.div(
        whose(row.key, row.email),
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
        "You're looking at later addresses. ",
        NativeLink.create("Begin at the first", href=ADMIN_USERS.path),
        class_name="said middle",
    )
