"""What session.js reads from the page, and the banner it shows when the connection is down."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from autograph_web.ui import messages
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import named


def browser_commands(
    leave: rx.Var[str] | str = "", focus: rx.Var[str] | str = "", address: rx.Var[str] | str = ""
) -> rx.Component:
    """Wishes of the server that need the browser's own hands; session.js carries each out once.

    `leave` is a path of ours to load in full, `focus` the id of an element and a number after a colon, and
    `address` what the address bar is to say of this very page.
    """
    return rx.el.div(
        hidden=True,
        data_ready=rx.State.is_hydrated,
        data_down=has_connection_errors,
        data_leave=leave,
        data_focus=focus,
        data_address=address,
        custom_attrs=named("signals"),
    )


def offline_banner() -> rx.Component:
    """The banner; its live region is always there, its words only while the connection is down."""
    return rx.el.div(
        rx.el.div(icon("no-signal"), rx.el.p(messages.OFFLINE), class_name="offline-text"),
        role="status",
        class_name="offline",
        custom_attrs=named("offline"),
    )


def trouble_banner() -> rx.Component:
    """The banner for all else that keeps a page from working; session.js fills in what it found out."""
    words = {f"data-{name}": text for name, text in messages.TROUBLES.items()}
    return rx.el.div(
        # The space is the text node that session.js writes to.
        rx.el.div(icon("warning"), rx.el.p("\u00a0"), class_name="trouble-text"),
        role="alert",
        class_name="offline",
        custom_attrs=named("trouble", **words),
    )
