"""How the page of a one-time link obtains its token without seeing it (decision 14)."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.accounts.links import Purpose
from autograph_web.ui.components.native import NativeForm, named
from autograph_web.ui.components.scriptless import scriptless_field


def link_exchange_form(purpose: Purpose) -> rx.Component:
    """Return the hidden form with which link.js posts the token from the URL, before the page is hydrated.

    Not deferred: any script that runs earlier would see the token, and Reflex sends the URL with every event.
    """
    return rx.fragment(
        NativeForm.create(
            _purpose_field(purpose),
            rx.el.input(type="hidden", name="token", default_value=""),
            method="post",
            action="/link/exchange",
            hidden=True,
            custom_attrs=named("link"),
        ),
        rx.el.script(src="/link.js"),
    )


def paste_link(purpose: Purpose, element: str, *, scriptless: bool = False) -> rx.Component:
    """Return a form to paste the link: within noscript, or when the email is on another device."""
    return NativeForm.create(
        _purpose_field(purpose),
        rx.el.div(
            rx.el.label("Link from the email", html_for=element),
            rx.el.input(
                type="text",
                name="token",
                auto_complete="off",
                required=True,
                class_name="input",
                # No maximum length: gateways rewrite links into long ones, and a truncated link is useless.
                custom_attrs=named(element, autoCapitalize="none", spellCheck="false"),
            ),
            class_name="field",
        ),
        scriptless_field(within=scriptless),
        rx.el.button("Continue", type="submit", class_name="button button-wide"),
        method="post",
        action="/link/exchange",
        class_name="form",
    )


def link_close_form(purpose: Purpose, ticket: rx.Var[str] | str) -> rx.Component:
    """Return the hidden form that clears the cookie of a used link, which a websocket cannot do.

    session.js posts it as soon as there is a `ticket`, which refers to the message of the next page.
    """
    return NativeForm.create(
        _purpose_field(purpose),
        rx.el.input(type="hidden", name="ticket", default_value="", custom_attrs=named("claim-ticket")),
        method="post",
        action="/link/close",
        data_ticket=ticket,
        hidden=True,
        custom_attrs=named("claim"),
    )


def _purpose_field(purpose: Purpose) -> rx.Component:
    return rx.el.input(type="hidden", name="purpose", value=purpose.value, read_only=True)
