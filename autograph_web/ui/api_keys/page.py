"""The page of API keys."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import account_frame, skeleton
from autograph_web.ui.api_keys.cards import keys_card, new_key_card
from autograph_web.ui.api_keys.state import ApiKeysState, Step
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import claim_form, form_messages
from autograph_web.ui.components.native import named
from autograph_web.ui.routes import API_KEYS


def api_keys_page() -> rx.Component:
    """Return the page of API keys; while a step is active it shows only the card of that step."""
    return account_frame(
        ApiKeysState,
        API_KEYS,
        "Let scripts and apps use the API on your behalf.",
        rx.fragment(form_messages(ApiKeysState), _cards()),
        skeleton("card-wide", "card-wide"),
        claim_form(ApiKeysState),
        browser_commands(ApiKeysState.leave, ApiKeysState.focus),
        load=ApiKeysState.load,
    )


def _cards() -> rx.Component:
    idle, revoking = ApiKeysState.step == "", ApiKeysState.step == Step.REVOKE.value
    return rx.el.div(
        rx.cond(revoking, rx.fragment(), new_key_card()),
        rx.cond(idle | revoking, keys_card()),
        class_name="cards",
        data_step=ApiKeysState.step,
        custom_attrs=named("api-keys"),
    )
