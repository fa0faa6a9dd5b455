"""The cards of the account page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account.state import AccountState, Intent
from autograph_web.ui.components.cards import card, fact, time_of
from autograph_web.ui.components.forms import address_field, submit_button
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.components.steps import (
    confirm_step,
    intent_button,
    reauth_reason,
    step_buttons,
    step_container,
    step_form,
    step_title,
)


def email_card() -> rx.Component:
    """Return the card with the email address and whether it is verified."""
    badge = rx.cond(
        AccountState.verified,
        rx.el.span("Verified", class_name="badge badge-good"),
        rx.el.span("Not verified", class_name="badge badge-warn"),
    )
    return card(
        "email-card",
        "Email",
        rx.el.dl(
            fact("Email", rx.el.span(AccountState.email, custom_attrs=named("account-email"))),
            fact("Created", time_of(AccountState.since_at, AccountState.since_when)),
            class_name="facts",
        ),
        rx.cond(
            AccountState.step == "",
            rx.el.div(
                intent_button(AccountState, "Change email", Intent.CHANGE_EMAIL.value),
                class_name="actions card-actions",
            ),
            rx.el.div(_change_step(), class_name="card-work"),
        ),
        badge=rx.fragment(badge),
    )


def data_card() -> rx.Component:
    """Return the card with the download of all data of the account."""
    link = NativeLink.create(
        icon("download"),
        "Download my data",
        href="/account/export",
        class_name="button",
        custom_attrs=named("export", download=""),
    )
    return card(
        "data",
        "Your data",
        rx.el.p(
            "Your account, sessions, authenticator apps, trusted browsers and all activity, as a JSON file. "
            "Passwords and keys aren't included."
        ),
        rx.el.div(link, class_name="actions card-actions"),
    )


def delete_card() -> rx.Component:
    """Return the card that deletes the account."""
    return card(
        "delete",
        "Delete account",
        rx.el.p("Permanently delete your account and its data. This can't be undone."),
        rx.cond(
            AccountState.step == "",
            rx.el.div(
                intent_button(AccountState, "Delete account", Intent.DELETE.value, "button-danger"),
                class_name="actions card-actions",
            ),
            rx.el.div(_step(), class_name="card-work"),
        ),
    )


def _change_step() -> rx.Component:
    confirm = confirm_step(AccountState, reauth_reason(AccountState, "change your email"))
    return step_container(rx.cond(AccountState.step == Intent.CHANGE_EMAIL.value, _change_form(), confirm))


def _change_form() -> rx.Component:
    return rx.el.div(
        step_title("Change your email"),
        rx.el.p(
            "We'll send a link to your new email. Nothing changes until you open it. We'll also notify your "
            "current email, which can undo the change for three days.",
            class_name="said",
        ),
        step_form(
            AccountState,
            "change-email",
            AccountState.change_email,
            address_field(AccountState, "email", "New email", "email"),
            step_buttons(AccountState, submit_button(AccountState, "Send the link", "Sending…", "")),
            action="/session/change-email",
        ),
        key="change-email",
    )


def _step() -> rx.Component:
    confirm = confirm_step(AccountState, reauth_reason(AccountState, "delete your account"))
    return step_container(rx.cond(AccountState.step == Intent.DELETE.value, _delete_form(), confirm))


def _delete_form() -> rx.Component:
    return rx.el.div(
        step_title("Delete your account?"),
        rx.el.ul(
            rx.el.li("You'll be signed out on all devices, including this one."),
            rx.el.li("Your authenticator apps, recovery codes and trusted browsers are deleted."),
            rx.el.li("Activity records are kept without your email or IP address."),
            rx.el.li("This can't be undone, not even by an administrator."),
            class_name="said list",
        ),
        rx.el.p("To confirm, enter ", rx.el.strong(AccountState.email), class_name="said"),
        step_form(
            AccountState,
            "delete",
            AccountState.delete,
            address_field(AccountState, "confirm_email", "Your email", "off"),
            step_buttons(
                AccountState,
                submit_button(AccountState, "Delete my account", "Deleting your account…", "button-bad"),
            ),
            action="/session/delete-account",
        ),
        key="delete",
    )
