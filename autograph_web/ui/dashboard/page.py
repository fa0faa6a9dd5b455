"""The overview: who you are, how safe the account is, and what happened on it."""

import reflex as rx
from autograph_web.ui import messages
from autograph_web.ui.components.connection import signals
from autograph_web.ui.components.icons import icon, icon_of
from autograph_web.ui.components.native import NativeForm, NativeLink, named
from autograph_web.ui.dashboard.state import DashboardState
from autograph_web.ui.layout import app_page, heading
from autograph_web.ui.routes import DASHBOARD
from autograph_web.ui.trouble.panel import trouble_panel
from autograph_web.ui.viewer import ActivityRow


def dashboard_page() -> rx.Component:
    """The overview; nothing but its frame stands in the page until the account has been read."""
    return app_page(
        rx.cond(DashboardState.failed, _failed(), _overview()),
        signals(DashboardState.leave),
        home=DASHBOARD.path,
        top=_who(),
    )


def _who() -> rx.Component:
    return rx.el.div(
        rx.cond(
            DashboardState.loaded,
            rx.el.div(
                rx.el.span(DashboardState.email, class_name="who-email"),
                rx.el.span(DashboardState.initials, class_name="avatar", aria_hidden="true"),
                class_name="who-name",
            ),
        ),
        NativeForm.create(
            rx.el.button(icon("sign-out"), rx.el.span("Sign out"), type="submit", class_name="button button-small"),
            method="post",
            action="/session/end",
            custom_attrs=named("sign-out-form"),
        ),
        class_name="who",
    )


def _failed() -> rx.Component:
    again = rx.el.button("Try again", type="button", class_name="button button-primary", on_click=DashboardState.load)
    return trouble_panel(DASHBOARD, again)


def _overview() -> rx.Component:
    return rx.el.div(
        heading(DASHBOARD, "Overview"),
        rx.el.p("Who you are here, how you're protected, and what happened lately.", class_name="lead"),
        rx.cond(DashboardState.loaded, _account(), _skeleton()),
        class_name="overview",
        aria_busy=~DashboardState.loaded,
    )


def _skeleton() -> rx.Component:
    return rx.el.div(
        rx.el.p("Loading your account…", role="status", class_name="sr-only"),
        rx.el.div(class_name="card skeleton skeleton-tall", aria_hidden="true"),
        rx.el.div(class_name="card skeleton", aria_hidden="true"),
        rx.el.div(class_name="card skeleton skeleton-wide", aria_hidden="true"),
        class_name="cards",
        custom_attrs=named("skeleton"),
    )


def _account() -> rx.Component:
    return rx.el.div(
        _security(), _details(), _sessions(), _activity(), class_name="cards", data_private="true",
        custom_attrs=named("account"),
    )


def _card(name: str, title: str, *content: rx.Component, badge: rx.Component | None = None) -> rx.Component:
    top = rx.el.div(
        rx.el.h2(title, custom_attrs=named(f"{name}-title")), badge or rx.fragment(), class_name="card-top"
    )
    return rx.el.section(
        top, *content, aria_labelledby=f"{name}-title", class_name=f"card card-{name}", custom_attrs=named(name)
    )


def _security() -> rx.Component:
    badge = rx.cond(
        DashboardState.two_step,
        rx.el.span("Two steps", class_name="badge badge-good"),
        rx.el.span("Password only", class_name="badge badge-warn"),
    )
    said = rx.cond(
        DashboardState.two_step,
        rx.el.p("Signing in takes your password and a code."),
        rx.el.p(
            "Your password is all that protects this account: two-step verification isn't available here yet. "
            "Keep one you use nowhere else."
        ),
    )
    return _card("security", "Security", said, _next_action(), badge=badge)


def _next_action() -> rx.Component:
    """The best thing to do now, out of what can be done here now."""
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


def _details() -> rx.Component:
    return _card(
        "details",
        "You",
        rx.el.dl(
            _fact("Email", rx.el.span(DashboardState.email, custom_attrs=named("account-email"))),
            _fact("Role", rx.el.span(DashboardState.role, custom_attrs=named("account-role"), class_name="role")),
            _fact("Last sign-in", _last_sign_in()),
            class_name="facts",
        ),
    )


def _fact(name: str, value: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value), class_name="fact")


def _last_sign_in() -> rx.Component:
    return rx.el.span(
        rx.cond(
            DashboardState.last_at != "",
            rx.fragment(
                _time(DashboardState.last_at, DashboardState.last_when),
                rx.el.span(DashboardState.last_where, class_name="where"),
            ),
            rx.el.span("This is your first"),
        ),
        custom_attrs=named("last-sign-in"),
    )


def _sessions() -> rx.Component:
    count = rx.cond(
        DashboardState.active == 1,
        rx.el.p(messages.ONLY_HERE),
        rx.el.p("You're signed in in ", rx.el.strong(f"{DashboardState.active} places"), ", this one included."),
    )
    return _card(
        "sessions",
        "Where you're signed in",
        rx.el.div(count, data_count=DashboardState.active, custom_attrs=named("session-count")),
        rx.el.div(
            rx.cond(
                DashboardState.problem != "",
                rx.el.div(icon("warning"), rx.el.p(DashboardState.problem), class_name="box box-bad"),
            ),
            role="alert",
            custom_attrs=named("sessions-alert"),
        ),
        _everywhere(),
    )


def _everywhere() -> rx.Component:
    """Signing out everywhere asks once more first; it cannot be taken back."""
    return rx.el.details(
        rx.el.summary("Sign out everywhere", class_name="button button-danger"),
        rx.el.form(
            rx.el.p("This ends every session of this account, this one included."),
            rx.el.button("Yes, sign out everywhere", type="submit", class_name="button button-bad"),
            on_submit=DashboardState.sign_out_everywhere,
            data_answers=DashboardState.answers,
            data_connected_only="true",
            custom_attrs=named("everywhere-form"),
        ),
        class_name="confirm",
        custom_attrs=named("everywhere"),
    )


def _activity() -> rx.Component:
    return _card(
        "activity",
        "Recent activity",
        rx.cond(
            DashboardState.rows.length() > 0,
            rx.el.ul(rx.foreach(DashboardState.rows, _row), class_name="events"),
            rx.el.p("Nothing has happened yet.", class_name="empty"),
        ),
    )


def _row(row: rx.Var[ActivityRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            icon_of(row.icon, "sign-in", "sign-out", "warning", "person", "key", "shield"),
            class_name="event-icon",
            data_icon=row.icon,
        ),
        rx.el.div(
            rx.el.p(
                row.label, rx.cond(row.here, rx.el.span("This session", class_name="badge badge-good")),
                class_name="event-label",
            ),
            rx.el.p(row.where, class_name="event-where"),
            class_name="event-what",
        ),
        _time(row.at, row.when),
        key=row.key,
        class_name="event",
    )


def _time(at: rx.Var[str], words: rx.Var[str]) -> rx.Component:
    """A time: in UTC until session.js has put it into the viewer's time zone."""
    return rx.el.time(words, date_time=at, class_name="time", data_local="true")
