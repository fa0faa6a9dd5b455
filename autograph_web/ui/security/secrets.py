"""Placeholders for a new authenticator key and for recovery codes."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import NativeLink
from autograph_web.ui.components.reveal import revealed, secret_button, status_line
from autograph_web.ui.security.state import SecurityState


def key_to_scan(*then: rx.Component, cancel: rx.Component) -> rx.Component:
    """Return a new authenticator key as a QR code, as text and as a link, followed by `then`.

    `cancel` is the button to cancel if the key could not be shown.
    """
    return revealed(
        SecurityState.reveal,
        rx.el.div(
            rx.el.img(
                alt="QR code for your authenticator app. You can enter the setup key instead.",
                data_slot="qr",
            ),
            class_name="qr",
        ),
        rx.el.div(
            rx.el.h4("1. Scan the QR code with your authenticator app", class_name="step-part"),
            rx.el.p("Can't scan it? Enter this setup key:", class_name="hint"),
            rx.el.div(
                rx.el.code(class_name="key", data_slot="key", custom_attrs={"translate": "no"}),
                secret_button("copy", "Copy key", data_copy="key"),
                status_line(),
                class_name="key-line",
            ),
            NativeLink.create(
                icon("phone"),
                "Open in authenticator app",
                class_name="app-link",
                data_slot="uri",
                # If no app handles the URI, Chromium blocks further form submissions of the page that opened
                # it.
                custom_attrs={"target": "_blank", "rel": "noopener"},
            ),
            *then,
            class_name="setup-words",
        ),
        failed="We couldn't show the key. Try again to get a new one.",
        ways=(_again(), cancel),
        look="setup",
    )


def recovery_codes(*then: rx.Component) -> rx.Component:
    """Return ten recovery codes and the buttons to save them, followed by `then`."""
    return revealed(
        SecurityState.reveal,
        rx.el.p(f"AutoGraph recovery codes for {SecurityState.email}", class_name="print-only"),
        rx.el.ol(
            class_name="codes",
            aria_label="Recovery codes",
            data_slot="codes",
            data_owner=SecurityState.email,
            custom_attrs={"translate": "no"},
        ),
        rx.el.div(
            secret_button("copy", "Copy", data_copy="codes"),
            secret_button("download", "Download", data_download="autograph-recovery-codes.txt"),
            secret_button("print", "Print", data_print="true"),
            class_name="actions",
        ),
        status_line(),
        *then,
        failed="We couldn't show the codes. Try again to get new ones.",
        ways=(_again(),),
        look="codes-place",
    )


def _again() -> rx.Component:
    return rx.el.button("Try again", type="button", class_name="button", on_click=SecurityState.reveal_again)
