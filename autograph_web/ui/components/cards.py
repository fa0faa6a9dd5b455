"""Cards of the account pages, and their content."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import named

_NO_CODES = "You have no recovery codes left. If you lose your authenticator app, you'll be locked out."


def card(
    name: str, title: rx.Var[str] | str, *content: rx.Component, badge: rx.Component | None = None
) -> rx.Component:
    """Return a section with a title that can receive the focus."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(title, custom_attrs=named(f"{name}-title")),
            *([badge] if badge else []),
            class_name="card-top",
        ),
        *content,
        aria_labelledby=f"{name}-title",
        tab_index=-1,
        class_name=f"card card-{name}",
        custom_attrs=named(name),
    )


def fact(name: str, value: rx.Component) -> rx.Component:
    """Return one row of a <dl>."""
    return rx.el.div(rx.el.dt(name), rx.el.dd(value), class_name="fact")


def time_of(at: rx.Var[str] | str, words: rx.Var[str] | str) -> rx.Component:
    """Return a time (two vars): in UTC until session.js has converted it to the user's time zone."""
    return rx.el.time(words, date_time=at, class_name="time", data_local="true")


def few_codes(left: int) -> rx.Component:
    """Return the warning that few recovery codes are `left` (a var)."""
    return rx.el.p(
        icon("warning"),
        rx.match(
            left,
            (0, rx.el.span(_NO_CODES)),
            (1, rx.el.span("Only one recovery code left. Generate new ones soon.")),
            rx.el.span(f"Only {left} recovery codes left. Generate new ones soon."),
        ),
        class_name="warn",
    )
