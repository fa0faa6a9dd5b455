"""The overview for administrators."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.admin.statistics.figures import Span
from autograph_web.ui.account_frame import skeleton
from autograph_web.ui.admin.frame import admin_frame
from autograph_web.ui.admin.overview.plots import plot
from autograph_web.ui.admin.overview.rows import Plot, Tile
from autograph_web.ui.admin.overview.state import OverviewState
from autograph_web.ui.components.cards import card, time_of
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import named
from autograph_web.ui.routes import ADMIN_OVERVIEW


def overview_page() -> rx.Component:
    """Return the overview: alerts, current numbers and statistics by day."""
    return admin_frame(
        OverviewState,
        ADMIN_OVERVIEW,
        "Usage and anything that needs attention.",
        rx.fragment(_problem(), _cards()),
        skeleton("card-wide", "card-activity"),
        browser_commands(OverviewState.leave, OverviewState.focus),
        load=OverviewState.load,
    )


def _problem() -> rx.Component:
    box = rx.el.div(icon("warning"), rx.el.p(OverviewState.problem), class_name="box box-bad")
    return rx.el.div(
        rx.cond(OverviewState.problem != "", box), role="alert", custom_attrs=named("overview-alert")
    )


def _cards() -> rx.Component:
    return rx.el.div(
        _attention(),
        _now(),
        _days(),
        class_name="cards",
        aria_busy=OverviewState.pending,
        custom_attrs=named("overview-cards"),
    )


def _attention() -> rx.Component:
    listed = rx.el.ul(
        rx.foreach(OverviewState.alerts, _alert),
        class_name="matters",
    )
    calm = rx.el.p("Nothing needs attention.", class_name="empty")
    return card("attention", "Needs attention", rx.cond(OverviewState.alerts, listed, calm))


def _alert(alert: rx.Var[str]) -> rx.Component:
    return rx.el.li(icon("warning"), rx.el.span(alert), key=alert)


def _now() -> rx.Component:
    return card(
        "now",
        "Current totals",
        rx.el.dl(rx.foreach(OverviewState.tiles, _tile), class_name="tiles"),
        rx.el.p("Updated: ", time_of(OverviewState.at, OverviewState.when), class_name="hint"),
    )


def _tile(tile: Tile) -> rx.Component:
    return rx.el.div(
        rx.el.dt(tile.label),
        rx.el.dd(tile.value, rx.cond(tile.note != "", rx.el.span(tile.note, class_name="hint"))),
        key=tile.key,
        data_tile=tile.key,
        class_name="tile",
    )


def _days() -> rx.Component:
    return card(
        "days",
        "Trends",
        rx.el.p("Days are in UTC. Today is still in progress."),
        rx.el.div(
            *(_span(span) for span in Span), role="group", aria_label="Number of days", class_name="spans"
        ),
        rx.el.div(
            plot(Plot.SIGN_INS, "Sign-ins", "Sign-ins"),
            plot(Plot.FAILURES, "Failed sign-ins", "Failed"),
            plot(Plot.ADOPTION, "Accounts with two-step verification", "% of accounts", "%"),
            plot(Plot.REGISTRATIONS, "New accounts", "New accounts"),
            class_name="plots",
        ),
    )


def _span(span: Span) -> rx.Component:
    return rx.el.button(
        f"{span.value} days",
        type="button",
        aria_pressed=rx.cond(OverviewState.span == span.value, "true", "false"),
        on_click=OverviewState.choose(span.value),
        class_name="button button-small",
        custom_attrs=named(f"days-{span.value}"),
    )
