"""The cards of the overview."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui import messages
from autograph_web.ui.components.cards import card, fact, few_codes, time_of
from autograph_web.ui.components.icons import icon, icon_of
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.dashboard.state import DashboardState
from autograph_web.ui.routes import ACTIVITY, SECURITY, SESSIONS
from autograph_web.ui.view_models import FEW_CODES, ICONS, ActivityRow


def security_card() -> rx.Component:
    """Return the card with the protection of the account and the recommended next step."""
    badge = rx.cond(
        DashboardState.two_step,
        rx.el.span("Two-step on", class_name="badge badge-good"),
        rx.el.span("Password only", class_name="badge badge-warn"),
    )
    return card("security", "Security", _protection(), _next_step(), badge=rx.fragment(badge))


def details_card() -> rx.Component:
    """Return the card with the account's details."""
    facts = (
        fact("Email", rx.el.span(DashboardState.email, custom_attrs=named("account-email"))),
        fact("Role", rx.el.span(DashboardState.role, class_name="role", custom_attrs=named("account-role"))),
        fact("Previous sign-in", _last_sign_in()),
    )
    return card("details", "Profile", rx.el.dl(*facts, class_name="facts"))


def sessions_card() -> rx.Component:
    """Return the card with the open sessions and the button that ends all of them."""
    count = rx.cond(
        DashboardState.active == 1,
        rx.el.p(messages.ONLY_HERE),
        rx.el.p(
            "You're signed in on ",
            rx.el.strong(f"{DashboardState.active} devices"),
            ", including this one.",
        ),
    )
    return card(
        "sessions",
        "Where you're signed in",
        rx.el.div(
            count, class_name="said", data_count=DashboardState.active, custom_attrs=named("session-count")
        ),
        rx.el.dl(fact("This device", _this_session()), class_name="facts"),
        rx.el.p(NativeLink.create("Manage devices", href=SESSIONS.path), class_name="all"),
        _problem(),
        _everywhere(),
    )


def activity_card() -> rx.Component:
    """Return the card with recent events, newest first."""
    return card(
        "activity",
        "Recent activity",
        rx.cond(
            DashboardState.rows,
            rx.el.ul(rx.foreach(DashboardState.rows, _row), class_name="events"),
            rx.el.p("No activity yet.", class_name="empty"),
        ),
        rx.el.p(
            NativeLink.create("View all activity", href=ACTIVITY.path, custom_attrs=named("all-activity")),
            class_name="all",
        ),
    )


def _protection() -> rx.Component:
    return rx.el.p(
        rx.cond(
            DashboardState.two_step,
            "You sign in with your password and a code from your authenticator app.",
            "Only your password protects this account. Anyone who gets it can sign in.",
        )
    )


def _next_step() -> rx.Component:
    """Return the recommended next step as a link, or the note that none is needed."""
    turn_on = _next_link("Turn on two-step verification", "turn-on")
    few = DashboardState.codes_left <= FEW_CODES
    renew = rx.fragment(
        few_codes(DashboardState.codes_left),
        _next_link("Generate new recovery codes", "new-codes"),
    )
    return rx.el.div(
        rx.cond(DashboardState.two_step, rx.cond(few, renew, _nothing_urgent()), turn_on),
        class_name="next",
        custom_attrs=named("next-step"),
    )


def _next_link(label: str, then: str) -> rx.Component:
    # If re-authentication is required first, the page asks for it.
    return NativeLink.create(
        label, href=f"{SECURITY.path}?then={then}", class_name="button button-primary", key=then
    )


def _nothing_urgent() -> rx.Component:
    """Return suggestions for an account that is well protected."""
    places = rx.cond(
        DashboardState.active > 1,
        "You're signed in on more than one device. Don't recognize one? ",
        "You're all set. Don't recognize something in your recent activity? ",
    )
    return rx.el.p(
        places,
        NativeLink.create("Sign out everywhere", href="#sessions"),
        " or review your ",
        NativeLink.create("security settings", href=SECURITY.path),
        ".",
    )


def _last_sign_in() -> rx.Component:
    known = rx.fragment(
        time_of(DashboardState.last_at, DashboardState.last_when),
        rx.el.span(DashboardState.last_where, class_name="where"),
    )
    return rx.el.span(
        rx.cond(DashboardState.last_at != "", known, rx.el.span("This is your first sign-in")),
        custom_attrs=named("last-sign-in"),
    )


def _this_session() -> rx.Component:
    return rx.el.span(
        DashboardState.here,
        rx.el.span(
            "Signed in: ", time_of(DashboardState.since_at, DashboardState.since_when), class_name="where"
        ),
        custom_attrs=named("this-session"),
    )


def _problem() -> rx.Component:
    """Return the error of signing out everywhere; the live region always exists, so that it is announced."""
    box = rx.el.div(icon("warning"), rx.el.p(DashboardState.problem), class_name="box box-bad")
    return rx.el.div(
        rx.cond(DashboardState.problem != "", box), role="alert", custom_attrs=named("sessions-alert")
    )


def _everywhere() -> rx.Component:
    """Return the form that signs out everywhere, behind a confirmation because it cannot be undone."""
    return rx.el.details(
        rx.el.summary("Sign out everywhere", class_name="button button-danger"),
        rx.el.form(
            rx.el.p("You'll be signed out on every device, including this one."),
            rx.el.div(
                rx.el.button("Yes, sign out everywhere", type="submit", class_name="button button-bad"),
                rx.el.button("Cancel", type="button", class_name="button needs-js", data_close="true"),
                class_name="actions",
            ),
            on_submit=DashboardState.sign_out_everywhere,
            data_answers=DashboardState.answers,
            data_connected_only="true",
            custom_attrs=named("everywhere-form"),
        ),
        class_name="confirm",
        custom_attrs=named("everywhere"),
    )


def _row(row: ActivityRow) -> rx.Component:
    drawing = icon_of(row.icon, *ICONS)
    here = rx.cond(row.here, rx.el.span("This device", class_name="badge badge-good"))
    return rx.el.li(
        rx.el.span(drawing, class_name="event-icon", data_icon=row.icon),
        rx.el.div(
            rx.el.p(row.label, here, class_name="event-label"),
            rx.el.p(row.where, class_name="event-where"),
            class_name="event-what",
        ),
        time_of(row.at, row.when),
        key=row.key,
        class_name="event",
    )
