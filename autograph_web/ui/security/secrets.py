"""The places for secrets, empty when they leave the server.

assets/reveal.js fetches what belongs there with the one-use ticket in `data-reveal` and puts it into the
elements with a `data-slot`. React must never give these children or the attributes the script sets, or it
would take them back.
"""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import NativeLink
from autograph_web.ui.security.state import SecurityState


def key_to_scan(*then: rx.Component, cancel: rx.Component) -> rx.Component:
    """A new authenticator key as a picture, as text and as a link, and `then` what comes after it.

    `cancel` is the way out where the key could not be shown.
    """
    return _revealed(
        rx.el.div(
            rx.el.img(
                alt="QR code for your authenticator app; the key beside it says the same",
                data_slot="qr",
            ),
            class_name="qr",
        ),
        rx.el.div(
            rx.el.h4("1. Scan with your authenticator app", class_name="step-part"),
            rx.el.p("Can't scan? Type this key into the app instead:", class_name="hint"),
            rx.el.div(
                rx.el.code(class_name="key", data_slot="key", custom_attrs={"translate": "no"}),
                _action("copy", "Copy key", data_copy="key"),
                _said(),
                class_name="key-line",
            ),
            NativeLink.create(
                icon("phone"),
                "Open in an authenticator on this device",
                class_name="app-link",
                data_slot="uri",
                # Where no app takes the address, Chromium lets no form of the page that tried be sent again.
                custom_attrs={"target": "_blank", "rel": "noopener"},
            ),
            *then,
            class_name="setup-words",
        ),
        failed="We couldn't show you the key. Nobody has seen it - we'll make another.",
        ways=(cancel,),
        look="setup",
    )


def recovery_codes(*then: rx.Component) -> rx.Component:
    """Ten recovery codes and the ways to keep them, and `then` what comes after."""
    return _revealed(
        rx.el.p(f"AutoGraph recovery codes for {SecurityState.email}", class_name="print-only"),
        rx.el.ol(
            class_name="codes",
            aria_label="Recovery codes",
            data_slot="codes",
            data_owner=SecurityState.email,
            custom_attrs={"translate": "no"},
        ),
        rx.el.div(
            _action("copy", "Copy", data_copy="codes"),
            _action("download", "Download", data_download="autograph-recovery-codes.txt"),
            _action("print", "Print", data_print="true"),
            class_name="actions",
        ),
        _said(),
        *then,
        failed="We couldn't show you the codes. Nobody has seen them - we'll make others.",
        look="codes-place",
    )


def _revealed(
    *content: rx.Component, failed: str, look: str, ways: tuple[rx.Component, ...] = ()
) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                icon("warning"),
                rx.el.p(failed),
                class_name="box box-bad",
            ),
            rx.el.div(
                rx.el.button(
                    "Try again", type="button", class_name="button", on_click=SecurityState.reveal_again
                ),
                *ways,
                class_name="actions",
            ),
            role="alert",
            class_name="reveal-failed",
        ),
        rx.el.div(*content, class_name=look),
        class_name="reveal",
        data_reveal=SecurityState.reveal,
    )


def _action(drawing: str, label: str, **does: Any) -> rx.Component:
    return rx.el.button(icon(drawing), label, type="button", class_name="button button-small", **does)


def _said() -> rx.Component:
    """Where reveal.js says what a button did; always there, so that it is announced."""
    return rx.el.p(role="status", class_name="did", data_said="true")
