"""The page behind "This wasn't me"."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.accounts.links import Purpose
from autograph_web.ui.components.cards import fact, time_of
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import form_messages
from autograph_web.ui.components.links import link_exchange_form, paste_link
from autograph_web.ui.components.native import NativeForm, NativeLink, named
from autograph_web.ui.components.scriptless import BAD_LINKS, noscript_messages, scriptless_field
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.not_me.state import NotMeState
from autograph_web.ui.routes import FORGOTTEN, NOT_ME

_PURPOSE = Purpose.SIGN_IN_REFUSAL


def not_me_page() -> rx.Component:
    """Return the page with the details of the sign-in and one button; opening the page changes nothing."""
    return auth_page(
        link_exchange_form(_PURPOSE),
        heading(NOT_ME, rx.cond(NotMeState.opened, NOT_ME.name, "Use the link in your email")),
        rx.el.p(
            rx.cond(
                NotMeState.opened,
                "If it was you, you can close this page. If not, sign out everywhere and choose a new "
                "password.",
                "If you think someone else has access to your account, change your password. That signs out "
                "every device.",
            ),
            class_name="lead",
        ),
        form_messages(NotMeState),
        noscript_messages(_PURPOSE.done, errors=BAD_LINKS),
        rx.cond(NotMeState.opened, _disavowal(), _other_ways()),
        rx.el.noscript(
            rx.el.section(
                rx.el.h2("Paste the link from your email"),
                rx.el.p("Copy it from the email, then use the button above.", class_name="lead"),
                paste_link(_PURPOSE, "scriptless-link", scriptless=True),
                class_name="scriptless",
            )
        ),
        browser_commands(NotMeState.leave, NotMeState.focus),
    )


def _disavowal() -> rx.Component:
    return rx.el.div(
        rx.cond(
            NotMeState.device != "",
            rx.el.dl(
                fact("Device", rx.el.span(NotMeState.device)),
                fact("IP address", rx.el.span(NotMeState.address)),
                fact("Time", time_of(NotMeState.at, NotMeState.when)),
                class_name="facts",
            ),
        ),
        NativeForm.create(
            scriptless_field(),
            rx.el.button(
                "It wasn't me. Sign out everywhere", type="submit", class_name="button button-bad button-wide"
            ),
            method="post",
            action="/recovery/refuse",
            data_answers="0",  # makes session.js send it only once
            custom_attrs=named("refuse-form"),
        ),
        key="refusal",
        class_name="other-ways",
    )


def _other_ways() -> rx.Component:
    return rx.el.div(
        NativeLink.create(
            "Choose a new password", href=FORGOTTEN.path, class_name="button button-primary button-wide"
        ),
        rx.el.details(
            rx.el.summary("Paste the link instead", class_name="link-button"),
            paste_link(_PURPOSE, "pasted-link"),
            class_name="other-way",
        ),
        key="other-ways",
        class_name="other-ways",
    )
