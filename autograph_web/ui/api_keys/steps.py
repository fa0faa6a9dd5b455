"""The steps of the page of API keys; each replaces the one before."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.api_keys.inputs import DEFAULT_DAYS, LIFETIMES, LONGEST_NAME, scope_field
from autograph_web.api_keys.key import Scope
from autograph_web.ui.api_keys.state import ApiKeysState
from autograph_web.ui.components.forms import boxes, submit_button, text_field
from autograph_web.ui.components.native import named
from autograph_web.ui.components.reveal import revealed, secret_button, status_line
from autograph_web.ui.components.steps import step_buttons, step_form, step_title

_WORDS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year", "never": "No expiration"}


def create_step() -> rx.Component:
    """Return the form with name, scopes and expiry."""
    return rx.el.div(
        step_title("Create API key"),
        step_form(
            ApiKeysState,
            "create",
            ApiKeysState.create,
            text_field(ApiKeysState, "name", "Name", str(LONGEST_NAME), "For example, “Nightly backup”."),
            boxes(
                ApiKeysState,
                "scopes",
                "Permissions",
                _box(Scope.READ, "Read", "View your profile, activity and trusted browsers.", ticked=True),
                _box(Scope.WRITE, "Write", "Reserved. No call uses this yet."),
                rx.cond(
                    ApiKeysState.administrator,
                    _box(
                        Scope.ADMIN,
                        "Administer",
                        "Manage users, and view the audit log, statistics and flags.",
                    ),
                ),
            ),
            _lifetime(),
            step_buttons(ApiKeysState, submit_button(ApiKeysState, "Create API key", "Creating…", "")),
            action="/session/create-api-key",
        ),
        key="create",
    )


def shown_step() -> rx.Component:
    """Return the step that shows the new key, once."""
    # Uncontrolled: a box that waits for the server before it changes looks broken.
    tick = rx.el.input(
        type="checkbox", class_name="check", on_change=ApiKeysState.tick_saved, custom_attrs=named("saved")
    )
    done = rx.el.button(
        "Done",
        type="button",
        disabled=rx.cond(ApiKeysState.saved, False, True),
        on_click=ApiKeysState.done,
        class_name="button button-primary",
        custom_attrs=named("done"),
    )
    discard = rx.el.button(
        "Revoke and create another", type="button", class_name="button", on_click=ApiKeysState.discard
    )
    return rx.el.div(
        step_title("Save your API key"),
        rx.el.p("Copy this key now. You won't be able to see it again. Don't share it.", class_name="said"),
        revealed(
            ApiKeysState.reveal,
            rx.el.code(class_name="api-key", data_slot="key", custom_attrs={"translate": "no"}),
            rx.el.div(secret_button("copy", "Copy", data_copy="key"), class_name="actions"),
            status_line(),
            rx.el.label(tick, rx.el.span("I've saved this key"), class_name="check-label"),
            rx.el.div(done, class_name="actions"),
            failed="We couldn't show the key. No one has seen it. Revoke it and create another.",
            ways=(discard,),
            look="codes-place",
        ),
        key="shown",
        # While this is true, leaving the page warns.
        data_unsaved=rx.cond(ApiKeysState.saved, "false", "true"),
    )


def revoke_step() -> rx.Component:
    """Return the confirmation to revoke a key."""
    return rx.el.div(
        step_title("Revoke this key?"),
        rx.el.p(
            rx.el.strong(ApiKeysState.chosen_name, custom_attrs={"dir": "auto"}),
            " will stop working immediately. Anything still using it will get a 401 error. This can't be "
            "undone.",
            class_name="said",
        ),
        step_form(
            ApiKeysState,
            "revoke",
            ApiKeysState.revoke,
            rx.el.input(type="hidden", name="key", value=ApiKeysState.chosen, read_only=True),
            step_buttons(ApiKeysState, submit_button(ApiKeysState, "Revoke", "Revoking…", "button-bad")),
            action="/session/revoke-api-key",
            has_fields=False,
        ),
        key="revoke",
    )


def _box(scope: Scope, label: str, hint: str, *, ticked: bool = False) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            name=scope_field(scope),
            default_checked=ticked,
            class_name="check",
            custom_attrs=named(f"scope-{scope.value}"),
        ),
        rx.el.span(label, rx.el.span(hint, class_name="hint")),
        class_name="check-label",
    )


def _lifetime() -> rx.Component:
    return rx.el.div(
        rx.el.label("Expires after", html_for="expires"),
        rx.el.select(
            *(rx.el.option(_WORDS[value], value=value) for value in LIFETIMES),
            name="expires",
            default_value=str(DEFAULT_DAYS),
            class_name="input select",
            custom_attrs=named("expires"),
        ),
        class_name="field",
    )
