"""The account page."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account.cards import data_card, delete_card, email_card
from autograph_web.ui.account.state import AccountState, Intent
from autograph_web.ui.account_frame import account_frame, skeleton
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import claim_form, form_messages
from autograph_web.ui.components.native import named
from autograph_web.ui.routes import ACCOUNT


def account_page() -> rx.Component:
    """Return the account page; while a step is active it shows only the card of that step."""
    return account_frame(
        AccountState,
        ACCOUNT,
        "Manage your email, your data and your account.",
        rx.fragment(form_messages(AccountState), _cards()),
        skeleton("card-wide", "card-wide"),
        claim_form(AccountState),
        browser_commands(AccountState.leave, AccountState.focus),
        load=AccountState.load,
    )


def _cards() -> rx.Component:
    idle = AccountState.step == ""
    return rx.el.div(
        rx.cond(idle | (AccountState.intent == Intent.CHANGE_EMAIL.value), email_card()),
        rx.cond(idle, data_card()),
        rx.cond(idle | (AccountState.intent == Intent.DELETE.value), delete_card()),
        class_name="cards",
        data_step=AccountState.step,
        custom_attrs=named("account-cards"),
    )
