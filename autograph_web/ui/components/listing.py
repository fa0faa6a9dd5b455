"""Components of pages with a filtered list."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any

import reflex as rx

from autograph_web.ui.components.cards import card
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.listing import Listing
from autograph_web.ui.query_filters import MAX_TEXT_LENGTH, Options


def filter_select(state: type[Listing], name: str, label: str, options: Options) -> rx.Component:
    """Return a filter with options; a choice applies at once."""
    return rx.el.div(
        rx.el.label(label, html_for=f"filter-{name}"),
        rx.el.select(
            *(rx.el.option(words, value=option) for option, words in options),
            name=name,
            value=getattr(state, name),
            on_change=lambda chosen: state.choose(name, chosen),
            class_name="input select",
            custom_attrs=named(f"filter-{name}"),
        ),
        class_name="field",
    )


def filter_text(state: type[Listing], name: str, label: str, placeholder: str = "") -> rx.Component:
    """Return a text filter; it applies when its form is submitted."""
    return rx.el.div(
        rx.el.label(label, html_for=f"filter-{name}"),
        rx.el.input(
            type="search",
            name=name,
            default_value=getattr(state, name),
            placeholder=placeholder,
            auto_complete="off",
            class_name="input",
            custom_attrs=named(
                f"filter-{name}", autoCapitalize="none", spellCheck="false", maxLength=str(MAX_TEXT_LENGTH)
            ),
        ),
        class_name="field",
    )


def filter_form(
    state: type[Listing], path: str, *words: rx.Component, selects: tuple[rx.Component, ...]
) -> rx.Component:
    """Return the filters: text applies with Enter or the button, each of the `selects` at once."""
    search = rx.el.button(icon("search"), "Search", type="submit", class_name="button", data_submit="true")
    return rx.el.form(
        rx.el.div(*words, search, class_name="search"),
        *selects,
        method="get",
        action=path,
        on_submit=state.search,
        aria_busy=state.pending,
        data_answers=state.answers,
        class_name="filters",
        custom_attrs=named("filters"),
    )


def announcements(state: type[Listing], name: str) -> rx.Component:
    """Return the announcements and errors of the list; both live regions always exist."""
    box = rx.el.div(icon("warning"), rx.el.p(state.problem), class_name="box box-bad")
    return rx.fragment(
        rx.el.div(rx.cond(state.problem != "", box), role="alert", custom_attrs=named(f"{name}-alert")),
        rx.el.p(state.announcement, role="status", class_name="sr-only", custom_attrs=named(f"{name}-said")),
    )


def table(
    state: type[Listing],
    name: str,
    caption: str,
    columns: tuple[str, ...],
    rows: Any,
    row: Callable[[Any], rx.Component],
) -> rx.Component:
    """Return the table of a list; it is marked busy while another page of rows is read."""
    return table_of(name, caption, columns, rows, row, aria_busy=state.pending)


def table_of(
    name: str,
    caption: str,
    columns: tuple[str, ...],
    rows: Any,
    row: Callable[[Any], rx.Component],
    **attributes: Any,
) -> rx.Component:
    """Return a table that becomes one block for each row on narrow screens; `rows` is a var.

    The roles are explicit because browsers drop those of a table with another `display`.
    """
    return rx.el.table(
        rx.el.caption(caption, class_name="sr-only"),
        rx.el.thead(
            rx.el.tr(*(rx.el.th(head, scope="col", role="columnheader") for head in columns), role="row"),
            role="rowgroup",
        ),
        rx.el.tbody(rx.foreach(rows, row), role="rowgroup"),
        role="table",
        class_name="table",
        custom_attrs=named(name),
        **attributes,
    )


def load_more_button(state: type[Listing], name: str, more: str, next_url: str) -> rx.Component:
    """Return the button that loads more rows, or the note that there are no more."""
    button = rx.el.button(
        rx.cond(state.pending, "Loading…", more),
        type="button",
        class_name="button",
        on_click=state.load_more,
        custom_attrs=named("further"),
    )
    full = rx.el.div(
        rx.el.p("This page is full.", class_name="said"),
        NativeLink.create(next_url, href=state.next_url, class_name="button", custom_attrs=named("go-on")),
        class_name="full",
    )
    end = rx.el.p("End of list.", class_name="said")
    return rx.el.div(
        rx.cond(state.more, button, rx.cond(state.next_url != "", full, end)),
        tab_index=-1,
        class_name="rest",
        custom_attrs=named(f"{name}-end"),
    )


def downloads(csv: Any, json: Any, what: str) -> rx.Component:
    """Return the card with downloads of all rows; `csv` and `json` are vars with their URLs."""
    return card(
        "take-along",
        "Export",
        rx.el.p("Download every event that matches these filters."),
        rx.el.div(
            _download_link("CSV", csv, f"autograph-{what}.csv"),
            _download_link("JSON", json, f"autograph-{what}.json"),
            class_name="actions card-actions",
        ),
        _progress(),
    )


def _download_link(form: str, address: Any, name: str) -> rx.Component:
    return NativeLink.create(
        icon("download"),
        rx.el.span("Download ", class_name="sr-only"),
        form,
        href=address,
        class_name="button",
        custom_attrs={"download": name, "data-progress": "download-progress"},
    )


def _progress() -> rx.Component:
    """Return the progress of a download; download.js fills it, React never does."""
    return rx.el.div(
        rx.el.div(
            rx.el.progress(aria_label="Events downloaded", custom_attrs={"data-bar": ""}),
            rx.el.span(class_name="quiet", custom_attrs={"data-count": ""}),
            rx.el.button(
                "Cancel",
                type="button",
                class_name="button button-small button-plain",
                custom_attrs={"data-cancel": ""},
            ),
            hidden=True,
            class_name="progress",
            custom_attrs={"data-running": ""},
        ),
        rx.el.p(role="status", class_name="did", custom_attrs={"data-said": ""}),
        class_name="card-work",
        custom_attrs=named("download-progress"),
    )


def event_list(
    state: type[Listing],
    name: str,
    path: str,
    filters: rx.Component,
    columns: tuple[str, ...],
    rows: Any,
    row: Callable[[Any], rx.Component],
) -> tuple[rx.Component, ...]:
    """Return the filtered events, newest first; `path` is the URL of the page without filters."""
    found = table(state, "events", "Events, newest first", columns, rows, row)
    older = load_more_button(state, name, "Show older", "Continue to older events")
    newest = NativeLink.create("Back to newest", href=path)
    return (
        filters,
        announcements(state, name),
        rx.cond(
            state.from_the_middle,
            rx.el.p("Showing older events. ", newest, class_name="said middle"),
        ),
        rx.cond(
            rows,
            rx.fragment(found, older),
            empty_list("No matching events.", "Clear filters", path),
        ),
    )


def empty_list(words: str, label: str, path: str) -> rx.Component:
    """Return the note that the list is empty, with a link that clears the filters."""
    return rx.el.div(
        rx.el.p(words, class_name="empty"),
        NativeLink.create(label, href=path, class_name="button button-small"),
        class_name="rest",
        custom_attrs=named("nothing"),
    )
