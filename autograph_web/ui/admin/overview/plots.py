"""The plots: drawn by Recharts, and repeated as a sentence and as a table for assistive technology.

Recharts is part of Reflex, and only this page loads it. The drawing is hidden from assistive technology.
"""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.admin.overview.rows import Plot, Point
from autograph_web.ui.admin.overview.state import OverviewState
from autograph_web.ui.components.native import named

_HEIGHT = 190
_STILL: dict[str, Any] = {"is_animation_active": False}
# Otherwise the drawing would be an unlabelled tab stop.
_NO_STOP = {"accessibilityLayer": False}
_MARGIN = {"top": 8, "right": 8, "bottom": 0, "left": 0}
_AXIS: dict[str, Any] = {"tick_line": False, "axis_line": False, "tick_margin": 8}


def plot(what: Plot, title: str, head: str, unit: str = "") -> rx.Component:
    """Return a plot of one number by day, with a summary and a table."""
    drawing = _line(what, head) if what is Plot.ADOPTION else _bars(what, head)
    return rx.el.figure(
        rx.el.figcaption(
            rx.el.h3(title, custom_attrs=named(f"{what}-title")),
            rx.el.p(OverviewState.summaries[what.value], class_name="said"),
        ),
        rx.el.div(drawing, aria_hidden="true", class_name=f"plot plot-{what.value.replace('_', '-')}"),
        rx.el.details(
            rx.el.summary("Show as a table", rx.el.span(f": {title}", class_name="sr-only")),
            _table(what, title, head, unit),
            class_name="numbers",
        ),
        aria_labelledby=f"{what}-title",
        custom_attrs=named(what.value),
    )


def _bars(what: Plot, head: str) -> rx.Component:
    return rx.recharts.bar_chart(
        *_around(rx.recharts.y_axis(allow_decimals=False, width=44, **_AXIS)),
        rx.recharts.bar(data_key=what.value, name=head, max_bar_size=28, radius=2, **_STILL),
        data=_points(),
        height=_HEIGHT,
        margin=_MARGIN,
        custom_attrs=_NO_STOP,
    )


def _line(what: Plot, head: str) -> rx.Component:
    return rx.recharts.line_chart(
        *_around(rx.recharts.y_axis(domain=[0, 100], unit="%", width=52, **_AXIS)),
        rx.recharts.line(data_key=what.value, name=head, unit="%", type_="linear", dot=False, **_STILL),
        data=_points(),
        height=_HEIGHT,
        margin=_MARGIN,
        custom_attrs=_NO_STOP,
    )


def _around(upright: rx.Component) -> tuple[rx.Component, ...]:
    return (
        rx.recharts.cartesian_grid(vertical=False),
        rx.recharts.x_axis(data_key="short", min_tick_gap=24, **_AXIS),
        upright,
        rx.recharts.graphing_tooltip(separator=": ", **_STILL),
    )


def _table(what: Plot, title: str, head: str, unit: str) -> rx.Component:
    def row(point: Point) -> rx.Component:
        return rx.el.tr(
            rx.el.th(rx.el.time(point.name, date_time=point.day), scope="row"),
            rx.el.td(getattr(point, what.value), unit),
        )

    return rx.el.table(
        rx.el.caption(f"{title}, by day in UTC", class_name="sr-only"),
        rx.el.thead(rx.el.tr(rx.el.th("Day", scope="col"), rx.el.th(head, scope="col"))),
        rx.el.tbody(rx.foreach(OverviewState.points, row)),
        class_name="numbers-table",
    )


def _points() -> rx.Var[list[dict[str, Any]]]:
    # In the browser they are plain objects.
    return OverviewState.points.to(list[dict[str, Any]])
