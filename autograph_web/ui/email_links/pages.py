"""The pages of links that concern an email address."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from functools import partial

import reflex as rx

from autograph_web.accounts.errors import EmailInvalid, WrongPassword
from autograph_web.accounts.links import Purpose
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import (
    countdown,
    email_field,
    form_messages,
    password_field,
    submit_button,
)
from autograph_web.ui.components.links import link_exchange_form, paste_link
from autograph_web.ui.components.native import NativeForm, NativeLink, named
from autograph_web.ui.components.scriptless import (
    BAD_LINKS,
    noscript_messages,
    scriptless_field,
)
from autograph_web.ui.email_links.state import (
    AddressLinkPage,
    ChangeEmailState,
    UndoEmailState,
    VerifyEmailState,
)
from autograph_web.ui.layout import auth_page, heading
from autograph_web.ui.routes import ACCOUNT, CHANGE_EMAIL, UNDO_EMAIL, VERIFY_EMAIL, Route

_VERIFY = Purpose.EMAIL_VERIFICATION
_VERIFY_IT = "Verify my email"
_IF_UNKNOWN = (
    "If you don't know it because someone else signed up with your email, leave it blank. What they set up "
    "will be removed, and you'll choose a password next."
)


def verify_email_page() -> rx.Component:
    """Return the page that verifies an address with a button; opening the page changes nothing."""
    state = VerifyEmailState
    good = (state.outcome == "verified") | (state.outcome == "already")
    ready = state.outcome == "ready"
    return auth_page(
        link_exchange_form(_VERIFY),
        heading(
            VERIFY_EMAIL,
            rx.cond(
                good,
                "Your email is verified",
                rx.cond(state.outcome == "sent", "Check your email", VERIFY_EMAIL.name),
            ),
        ),
        rx.el.p(
            rx.match(
                state.outcome,
                ("", "One moment…"),
                ("ready", "Press the button if this is your email. If it isn't, close this page."),
                ("verified", "Thanks. You can use it to recover your account."),
                ("already", "It was already verified. You're all set."),
                ("sent", "Open the link in the email we sent you. It works once and expires in 24 hours."),
                "Open the link in the email we sent you. If it doesn't work, request a new one.",
            ),
            tab_index=-1,
            class_name="lead",
            data_outcome=state.outcome,
            custom_attrs=named("outcome"),
        ),
        form_messages(state),
        noscript_messages(
            "verification_sent", _VERIFY.done, errors=(*BAD_LINKS, EmailInvalid, WrongPassword)
        ),
        rx.cond(
            good, _continue_form(), rx.cond(ready, _verify(), rx.cond(state.outcome != "", _other_link()))
        ),
        rx.el.noscript(
            rx.el.section(
                rx.el.h2("Paste the link from your email"),
                paste_link(_VERIFY, "scriptless-link", scriptless=True),
                _action_form(
                    "/session/verify-email", _VERIFY_IT, scriptless=True, field=_scriptless_password()
                ),
                class_name="scriptless",
            )
        ),
        browser_commands(state.leave, state.focus),
    )


def change_email_page() -> rx.Component:
    """Return the page that confirms a new address with a button."""
    state = ChangeEmailState
    return _link_page(
        state,
        Purpose.EMAIL_CHANGE,
        CHANGE_EMAIL,
        rx.fragment(
            rx.el.p(
                "You'll use ", rx.el.strong(state.address), " to sign in from now on. You'll stay signed in."
            ),
            class_name="lead",
        ),
        partial(_action_form, "/session/change-email/confirm", "Confirm my new email"),
        "Request a new one on your account page.",
    )


def undo_email_page() -> rx.Component:
    """Return the page that undoes a change of address with a button, and lists what that ends."""
    state = UndoEmailState
    return _link_page(
        state,
        Purpose.EMAIL_CHANGE_UNDO,
        UNDO_EMAIL,
        rx.el.div(
            rx.el.p("Your email changes back to ", rx.el.strong(state.address), "."),
            rx.el.ul(
                rx.el.li("All devices are signed out."),
                rx.el.li("All trusted browsers are removed, and all API keys are revoked."),
                rx.el.li("Any authenticator app set up since then is removed."),
                rx.el.li("You'll choose a new password next."),
                class_name="advice",
            ),
            class_name="sent",
        ),
        partial(
            _action_form, "/session/change-email/undo", "Restore email and sign out everywhere", "button-bad"
        ),
        "If you've lost access to your account, reset your password or contact an administrator.",
    )


def _link_page(
    state: type[AddressLinkPage],
    purpose: Purpose,
    route: Route,
    words: rx.Component,
    form: Callable[..., rx.Component],
    otherwise: str,
) -> rx.Component:
    closed = rx.el.div(
        rx.el.p("Open the link in the email we sent you. ", otherwise, class_name="lead"),
        rx.el.details(
            rx.el.summary("Paste the link instead", class_name="link-button"),
            paste_link(purpose, "pasted-link"),
            class_name="other-way",
        ),
        key="closed",
        class_name="other-ways",
    )
    return auth_page(
        link_exchange_form(purpose),
        heading(route, route.name),
        form_messages(state),
        noscript_messages(purpose.done, errors=BAD_LINKS),
        rx.cond(
            state.opened,
            rx.cond(state.address != "", rx.el.div(words, form(), key="opened", class_name="link-step")),
            closed,
        ),
        rx.el.noscript(
            rx.el.section(
                rx.el.h2("Paste the link from your email"),
                paste_link(purpose, "scriptless-link", scriptless=True),
                form(scriptless=True),
                class_name="scriptless",
            )
        ),
        browser_commands(state.leave, state.focus),
    )


def _action_form(
    action: str,
    label: str,
    look: str = "button-primary",
    *,
    scriptless: bool = False,
    field: rx.Component | None = None,
) -> rx.Component:
    return NativeForm.create(
        *([] if field is None else [field]),
        rx.el.input(type="hidden", name="go", value="on", read_only=True),
        scriptless_field(within=scriptless),
        rx.el.button(label, type="submit", class_name=f"button button-wide {look}"),
        method="post",
        action=action,
        class_name="form",
    )


def _verify() -> rx.Component:
    state = VerifyEmailState
    return rx.el.div(
        rx.el.p(rx.el.strong(state.email), class_name="whose"),
        rx.cond(
            state.mine,
            _action_form("/session/verify-email", _VERIFY_IT),
            _action_form("/session/verify-email", _VERIFY_IT, field=_password_field(state)),
        ),
        key="verify",
        class_name="link-step",
    )


def _password_field(state: type[VerifyEmailState]) -> rx.Component:
    """Return the password field, with which a user who is not signed in proves to have registered."""
    return password_field(
        state,
        "current-password",
        rx.el.p(_IF_UNKNOWN, class_name="hint", custom_attrs=named("password-hint")),
        label="Password of this account",
        hint_id="password-hint",
        required=False,
    )


def _scriptless_password() -> rx.Component:
    return rx.el.div(
        rx.el.label("Password of this account", html_for="scriptless-password"),
        rx.el.input(
            type="password",
            name="password",
            auto_complete="current-password",
            class_name="input",
            aria_describedby="scriptless-password-hint",
            custom_attrs=named("scriptless-password", autoCapitalize="none", spellCheck="false"),
        ),
        rx.el.p(
            f"Not needed if you're signed in. {_IF_UNKNOWN}",
            class_name="hint",
            custom_attrs=named("scriptless-password-hint"),
        ),
        class_name="field",
    )


def _continue_form() -> rx.Component:
    """Return the button that continues; it also clears the cookie of the link."""
    return NativeForm.create(
        rx.el.input(type="hidden", name="purpose", value=_VERIFY.value, read_only=True),
        rx.el.button("Continue", type="submit", class_name="button button-primary button-wide"),
        method="post",
        action="/link/close",
        class_name="form",
        key="go-on",
        custom_attrs=named("go-on"),
    )


def _other_link() -> rx.Component:
    state = VerifyEmailState
    return rx.el.div(
        rx.cond(
            (state.wait_seconds > 0) & (state.outcome == "sent"),
            rx.el.div(
                countdown(
                    state,
                    f"You can request another link in {state.wait_spoken}.",
                    "You can request another link in ",
                ),
                class_name="box box-plain",
            ),
        ),
        rx.el.form(
            rx.cond(state.known, rx.fragment(), email_field(state)),
            scriptless_field(),
            submit_button(state, "Send a new link", "Sending…"),
            method="post",
            action="/session/verify-email/send",
            on_submit=state.send,
            no_validate=True,
            aria_busy=state.pending,
            data_answers=state.answers,
            class_name="form",
            custom_attrs=named("send-form"),
        ),
        rx.el.details(
            rx.el.summary("Paste the link instead", class_name="link-button"),
            paste_link(_VERIFY, "pasted-link"),
            class_name="other-way",
        ),
        rx.cond(state.known, rx.el.p(NativeLink.create("Go to my account", href=ACCOUNT.path))),
        key="other-link",
        class_name="other-ways",
    )
