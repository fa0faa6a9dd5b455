"""The cards of the overview."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui import messages
from autograph_web.ui.components.icons import icon, icon_of
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.dashboard.state import DashboardState
from autograph_web.ui.viewer import ActivityRow


def security_card() -> rx.Component:
    """How the account is protected, and the best thing to do now out of what can be done here now."""
    badge = rx.cond(
        DashboardState.two_step,
        rx.el.span("Two steps", class_name="badge badge-good"),
        rx.el.span("Password only", class_name="badge badge-warn"),
    )
    said = rx.cond(
        DashboardState.two_step,
        rx.el.p("Signing in takes your password and a code."),
        rx.el.p(
            "Your password is all that protects this account - two-step verification isn't available here "
            "yet. Use one that you use nowhere else."
        ),
    )
    return _card("security", "Security", said, _next_action(), badge=badge)


def details_card() -> rx.Component:
    """Who the person is here."""
    facts = (
        _fact("Email", rx.el.span(DashboardState.email, custom_attrs=named("account-email"))),
        _fact("Role", rx.el.span(DashboardState.role, class_name="role", custom_attrs=named("account-role"))),
        _fact("Last sign-in before this one", _last_sign_in()),
    )
    return _card("details", "You", rx.el.dl(*facts, class_name="facts"))


def sessions_card() -> rx.Component:
    """Where the person is signed in, and the way to end all of it."""
    count = rx.cond(
        DashboardState.active == 1,
        rx.el.p(messages.ONLY_HERE),
        rx.el.p(
            "You're signed in in ", rx.el.strong(f"{DashboardState.active} places"), ", this one included."
        ),
    )
    return _card(
        "sessions",
        "Where you're signed in",
        rx.el.div(
            count, class_name="said", data_count=DashboardState.active, custom_attrs=named("session-count")
        ),
        rx.el.dl(_fact("This one", _this_session()), class_name="facts"),
        _problem(),
        _everywhere(),
    )


def activity_card() -> rx.Component:
    """What happened lately, newest first."""
    return _card(
        "activity",
        "Recent activity",
        rx.cond(
            DashboardState.rows,
            rx.el.ul(rx.foreach(DashboardState.rows, _row), class_name="events"),
            rx.el.p("Nothing has happened yet.", class_name="empty"),
        ),
    )


def _card(name: str, title: str, *content: rx.Component, badge: rx.Component | None = None) -> rx.Component:
    heading = rx.el.h2(title, custom_attrs=named(f"{name}-title"))
    return rx.el.section(
        rx.el.div(heading, *([badge] if badge else []), class_name="card-top"),
        *content,
        aria_labelledby=f"{name}-title",
        tab_index=-1,
        class_name=f"card card-{name}",
        custom_attrs=named(name),
    )


def _next_action() -> rx.Component:
    return rx.el.p(
        rx.el.strong("Next: "),
        rx.cond(
            DashboardState.active > 1,
            "you're signed in in more than one place. If you don't know one of them, ",
            "look through your recent activity. If something there wasn't you, ",
        ),
        NativeLink.create("sign out everywhere", href="#sessions"),
        ".",
        class_name="next",
    )


def _fact(name: str, value: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value), class_name="fact")


def _last_sign_in() -> rx.Component:
    known = rx.fragment(
        _time(DashboardState.last_at, DashboardState.last_when),
        rx.el.span(DashboardState.last_where, class_name="where"),
    )
    return rx.el.span(
        rx.cond(DashboardState.last_at != "", known, rx.el.span("None - this is your first.")),
        custom_attrs=named("last-sign-in"),
    )


def _this_session() -> rx.Component:
    return rx.el.span(
        DashboardState.here,
        rx.el.span(
            "Signed in: ", _time(DashboardState.since_at, DashboardState.since_when), class_name="where"
        ),
        custom_attrs=named("this-session"),
    )


def _problem() -> rx.Component:
    """What kept signing out everywhere from happening; the region is always there to announce it."""
    box = rx.el.div(icon("warning"), rx.el.p(DashboardState.problem), class_name="box box-bad")
    return rx.el.div(
        rx.cond(DashboardState.problem != "", box), role="alert", custom_attrs=named("sessions-alert")
    )


def _everywhere() -> rx.Component:
    """Signing out everywhere asks once more first; it cannot be taken back."""
    return rx.el.details(
        rx.el.summary("Sign out everywhere", class_name="button button-danger"),
        rx.el.form(
            rx.el.p("This ends every session of this account, this one included."),
            rx.el.div(
                rx.el.button("Yes, sign out everywhere", type="submit", class_name="button button-bad"),
                rx.el.button(
                    "Keep me signed in", type="button", class_name="button needs-js", data_close="true"
                ),
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
    drawing = icon_of(row.icon, "sign-in", "sign-out", "warning", "person", "key", "shield")
    here = rx.cond(row.here, rx.el.span("This session", class_name="badge badge-good"))
    return rx.el.li(
        rx.el.span(drawing, class_name="event-icon", data_icon=row.icon),
        rx.el.div(
            rx.el.p(row.label, here, class_name="event-label"),
            rx.el.p(row.where, class_name="event-where"),
            class_name="event-what",
        ),
        _time(row.at, row.when),
        key=row.key,
        class_name="event",
    )


def _time(at: str, words: str) -> rx.Component:
    """A time (two vars): in UTC until session.js has put it into the viewer's time zone."""
    return rx.el.time(words, date_time=at, class_name="time", data_local="true")
