"""The pages of a password reset: the request of a link, and the new password."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.accounts.errors import EmailInvalid
from autograph_web.accounts.links import Purpose
from autograph_web.profile.errors import PasswordUnchanged
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import countdown, email_field, form_messages, submit_button
from autograph_web.ui.components.links import link_close_form, link_exchange_form, paste_link
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.components.new_password import new_password_field
from autograph_web.ui.components.scriptless import (
    BAD_LINKS,
    BAD_PASSWORDS,
    noscript_messages,
    scriptless_field,
)
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.password_reset.state import ForgottenState, LinkRequestForm, NewPasswordState
from autograph_web.ui.routes import FORGOTTEN, NEW_PASSWORD, SIGN_IN

_RESET = Purpose.PASSWORD_RESET


def forgotten_page() -> rx.Component:
    """Return the page that asks for the address; then instructions until the email arrives."""
    return auth_page(
        heading(FORGOTTEN, rx.cond(ForgottenState.sent, "Check your email", FORGOTTEN.name)),
        rx.el.p(
            rx.cond(
                ForgottenState.sent,
                "Open the link in the email we sent you. ",
                "Enter your email and we'll send you a link to choose a new password. ",
            ),
            "Remember your password? ",
            rx.el.a("Sign in", href=SIGN_IN.path),
            class_name="lead",
        ),
        form_messages(ForgottenState),
        noscript_messages("password_reset_sent", errors=(EmailInvalid,)),
        _sent(ForgottenState),
        _request_form(ForgottenState),
        browser_commands(ForgottenState.leave, ForgottenState.focus),
    )


def new_password_page() -> rx.Component:
    """Return the page for the new password, if the link was opened; otherwise the ways to get a link."""
    return auth_page(
        link_exchange_form(_RESET),
        heading(
            NEW_PASSWORD, rx.cond(NewPasswordState.opened, NEW_PASSWORD.name, "Use the link in your email")
        ),
        rx.el.p(
            rx.cond(
                NewPasswordState.opened,
                "You'll be signed out everywhere.",
                "Each link works once. If yours doesn't work, request a new one below.",
            ),
            class_name="lead",
        ),
        form_messages(NewPasswordState),
        noscript_messages(
            "sign_in_refused",
            "email_change_undone",
            "email_reclaimed",
            _RESET.done,
            errors=(*BAD_LINKS, EmailInvalid, *BAD_PASSWORDS, PasswordUnchanged),
        ),
        rx.cond(NewPasswordState.opened, _choose_form(), _other_ways()),
        rx.el.noscript(
            rx.el.section(
                rx.el.h2("Paste the link from your email"),
                rx.el.p("Copy it from the email, then choose a password above.", class_name="lead"),
                paste_link(_RESET, "scriptless-link", scriptless=True),
                class_name="scriptless",
            )
        ),
        link_close_form(_RESET, NewPasswordState.ticket),
        browser_commands(NewPasswordState.leave, NewPasswordState.focus),
    )


def _choose_form() -> rx.Component:
    return rx.el.form(
        # Password managers store the new password under this name.
        rx.el.input(
            type="text",
            auto_complete="username",
            value=NewPasswordState.owner,
            read_only=True,
            hidden=True,
        ),
        rx.cond(
            NewPasswordState.owner != "",
            rx.el.p("Account: ", rx.el.strong(NewPasswordState.owner), class_name="whose"),
        ),
        new_password_field(NewPasswordState, "New password"),
        scriptless_field(),
        submit_button(NewPasswordState, "Set new password", "Saving…"),
        key="choose",
        method="post",
        action="/recovery/password",
        on_submit=NewPasswordState.choose,
        no_validate=True,
        aria_busy=NewPasswordState.pending,
        data_answers=NewPasswordState.answers,
        class_name="form",
        custom_attrs=named("choose-form"),
    )


def _other_ways() -> rx.Component:
    return rx.el.div(
        _sent(NewPasswordState),
        _request_form(NewPasswordState),
        rx.el.details(
            rx.el.summary("Paste the link instead", class_name="link-button"),
            paste_link(_RESET, "pasted-link"),
            class_name="other-way",
        ),
        rx.el.p("Remember your password? ", rx.el.a("Sign in", href=SIGN_IN.path), class_name="lead"),
        key="other-ways",
        class_name="other-ways",
    )


def _request_form(state: type[LinkRequestForm]) -> rx.Component:
    return rx.el.form(
        email_field(state),
        scriptless_field(),
        submit_button(state, rx.cond(state.sent, "Send another link", "Send me a link"), "Sending…"),
        method="post",
        action="/recovery/request",
        on_submit=state.ask,
        no_validate=True,
        aria_busy=state.pending,
        data_answers=state.answers,
        class_name="form",
        custom_attrs=named("ask-form"),
    )


def _sent(state: type[LinkRequestForm]) -> rx.Component:
    """Return advice for a missing email, with a countdown until another link can be requested."""
    return rx.cond(
        state.sent,
        rx.el.section(
            rx.el.h2("Didn't get the email?"),
            rx.el.ul(
                rx.el.li("It can take a minute or two. Check your spam folder too."),
                rx.el.li(
                    "Check that the email below is right. For privacy, we can't say whether it has an "
                    "account."
                ),
                rx.el.li("The link works once and expires after a while."),
                rx.cond(
                    state.dev_mailbox,
                    rx.el.li(
                        "This is a development server, so no email is sent. ",
                        NativeLink.create("Read it here", href="/dev/mail"),
                        ".",
                    ),
                ),
                class_name="advice",
            ),
            rx.cond(
                state.wait_seconds > 0,
                rx.el.div(
                    countdown(
                        state,
                        f"You can request another link in {state.wait_spoken}.",
                        "You can request another link in ",
                    ),
                    class_name="box box-plain",
                ),
            ),
            tab_index=-1,
            class_name="sent",
            custom_attrs=named("sent"),
        ),
    )
