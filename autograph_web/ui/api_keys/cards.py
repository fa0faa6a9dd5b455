"""The cards of the page of API keys."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.api_keys.keys import MOST_KEYS
from autograph_web.ui.api_keys.rows import KeyRow
from autograph_web.ui.api_keys.state import ApiKeysState, Step
from autograph_web.ui.api_keys.steps import create_step, revoke_step, shown_step
from autograph_web.ui.components.cards import card, time_of
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.steps import confirm_step, intent_button, step_container


def new_key_card() -> rx.Component:
    """Return the card that creates a key, with its active step."""
    ask = rx.el.div(
        intent_button(ApiKeysState, "Create API key", Step.CREATE.value, "button-primary"),
        class_name="actions card-actions",
    )
    full = rx.el.p(
        f"You've reached the limit of {MOST_KEYS} keys. Revoke one you no longer need.", class_name="warn"
    )
    return card(
        "new-key",
        "Create API key",
        rx.el.p("API keys can't change how you sign in or create other keys."),
        rx.cond(
            ApiKeysState.step == "",
            rx.cond(ApiKeysState.full, full, ask),
            rx.el.div(_create_steps(), class_name="card-work"),
        ),
    )


def keys_card() -> rx.Component:
    """Return the card of existing keys, or an explanation of keys; or the confirmation to revoke one."""
    listed = rx.el.ul(rx.foreach(ApiKeysState.keys, _key), class_name="events")
    return card(
        "keys",
        "Your keys",
        rx.cond(
            ApiKeysState.step == Step.REVOKE.value,
            rx.el.div(step_container(revoke_step()), class_name="card-work"),
            rx.cond(ApiKeysState.keys, listed, _empty()),
        ),
    )


def _create_steps() -> rx.Component:
    confirm = confirm_step(
        ApiKeysState, "It's been a while since you signed in. Enter your password to continue."
    )
    return step_container(
        rx.match(
            ApiKeysState.step,
            (Step.CREATE.value, create_step()),
            (Step.SHOWN.value, shown_step()),
            confirm,
        )
    )


def _empty() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "No API keys yet. A key lets a script or app use this server as you, without your password and "
            "only with the permissions you choose. You can revoke it at any time."
        ),
        rx.el.pre(
            rx.el.code("curl -H 'Authorization: Bearer agk_…' ", ApiKeysState.origin, "/me"),
            class_name="example",
            custom_attrs={"translate": "no"},
        ),
    )


def _key(row: KeyRow) -> rx.Component:
    badge = rx.cond(
        row.over,
        rx.el.span("Expired", class_name="badge badge-warn"),
        rx.cond(row.soon, rx.el.span("Expires soon", class_name="badge badge-warn")),
    )
    used = rx.cond(
        row.used_at != "",
        rx.fragment("Last used: ", time_of(row.used_at, row.used_when), " · ", row.used_ip),
        "Never used",
    )
    ends = rx.cond(
        row.ends_at != "",
        rx.fragment(rx.cond(row.over, "Expired: ", "Expires: "), time_of(row.ends_at, row.ends_when)),
        "Never expires",
    )
    return rx.el.li(
        rx.el.span(icon("key"), class_name="event-icon"),
        rx.el.div(
            rx.el.p(rx.el.span(row.name, custom_attrs={"dir": "auto"}), badge, class_name="event-label"),
            rx.el.p(
                rx.el.code(row.prefix, custom_attrs={"translate": "no"}),
                " · ",
                row.scopes,
                class_name="event-where",
            ),
            rx.el.p("Created: ", time_of(row.made_at, row.made_when), class_name="event-where"),
            rx.el.p(used, class_name="event-where"),
            rx.el.p(ends, class_name="event-where"),
            class_name="event-what",
        ),
        rx.el.button(
            "Revoke",
            rx.el.span(f" {row.name}", class_name="sr-only"),
            type="button",
            class_name="button button-small",
            on_click=ApiKeysState.ask_revoke(row.key),
        ),
        key=row.key,
        class_name="event device",
    )
