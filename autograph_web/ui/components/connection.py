"""Commands of the server that session.js carries out, and the banners about the connection."""

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
    """Return the element with commands that only the browser can carry out; session.js does so, once each.

    `leave` is a path of this site to load in full, `focus` the id of an element followed by a colon and a
    counter, and `address` the URL to show for this page.
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
    """Return the offline banner; its live region always exists, its text only while disconnected."""
    return rx.el.div(
        rx.el.div(icon("no-signal"), rx.el.p(messages.OFFLINE), class_name="offline-text"),
        role="status",
        class_name="offline",
        custom_attrs=named("offline"),
    )


def trouble_banner() -> rx.Component:
    """Return the banner for other problems of the page; session.js fills in the one it detects."""
    words = {f"data-{name}": text for name, text in messages.TROUBLES.items()}
    return rx.el.div(
        # The space is the text node that session.js writes to.
        rx.el.div(icon("warning"), rx.el.p("\u00a0"), class_name="trouble-text"),
        role="alert",
        class_name="offline",
        custom_attrs=named("trouble", **words),
    )
