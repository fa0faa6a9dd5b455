"""Fields, buttons and messages of forms."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui import messages
from autograph_web.ui.auth_form import AuthForm
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import NativeForm, named
from autograph_web.ui.form_state import CodeForm, FormState
from autograph_web.ui.routes import DASHBOARD

# No field for an address, a password or a code has a maxlength: a browser cuts pasted text without notice,
# and a truncated value is useless.


def email_field(state: type[AuthForm], **events: Any) -> rx.Component:
    """Return the email field; its value survives an error, and a form posted without JavaScript."""
    return rx.el.div(
        rx.el.label("Email", html_for="email"),
        rx.el.input(
            type="email",
            name="email",
            default_value=state.email,
            auto_complete="username",
            required=True,
            class_name="input",
            aria_invalid=_is_bad(state, "email"),
            aria_describedby=_described(state, "email"),
            custom_attrs=named(
                "email",
                autoCapitalize="none",
                spellCheck="false",
                inputMode="email",
            ),
            **events,
        ),
        _field_error(state, "email"),
        class_name="field",
    )


def address_field(state: type[FormState], name: str, label: str, autocomplete: str) -> rx.Component:
    """Return a field for an address; its value survives an error because the browser keeps it."""
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.input(
            type="email",
            name=name,
            auto_complete=autocomplete,
            required=True,
            class_name="input",
            aria_invalid=_is_bad(state, name),
            aria_describedby=_described(state, name),
            custom_attrs=named(name, autoCapitalize="none", spellCheck="false"),
        ),
        _field_error(state, name),
        class_name="field",
    )


def text_field(
    state: type[FormState], name: str, label: str, longest: str, hint: str, **attributes: Any
) -> rx.Component:
    """Return a field for a short text."""
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.input(
            type="text",
            name=name,
            auto_complete="off",
            required=True,
            class_name="input",
            aria_invalid=_is_bad(state, name),
            aria_describedby=_described(state, name, f"{name}-hint"),
            custom_attrs=named(name, maxLength=longest),
            **attributes,
        ),
        rx.el.p(hint, class_name="hint", custom_attrs=named(f"{name}-hint")),
        _field_error(state, name),
        class_name="field",
    )


def boxes(state: type[FormState], name: str, legend: str, *choices: rx.Component) -> rx.Component:
    """Return several checkboxes under one legend, with one error message for all of them."""
    return rx.el.fieldset(
        rx.el.legend(legend),
        *choices,
        _field_error(state, name),
        class_name="field boxes",
        # Reflex would treat either attribute of a fieldset as a style.
        custom_attrs=named(name, tabIndex="-1", **{"aria-describedby": f"{name}-error"}),
    )


def password_field(
    state: type[FormState],
    autocomplete: str,
    *below: rx.Component,
    name: str = "password",
    label: str = "Password",
    hint_id: str = "",
    required: bool = True,
    **events: Any,
) -> rx.Component:
    """Return a password field with a show button, which appears only with JavaScript."""
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.div(
            rx.el.input(
                type="password",
                name=name,
                auto_complete=autocomplete,
                required=required,
                class_name="input input-with-button",
                aria_invalid=_is_bad(state, name),
                aria_describedby=_described(state, name, hint_id),
                custom_attrs=named(name, autoCapitalize="none", spellCheck="false"),
                **events,
            ),
            rx.el.button(
                rx.el.span("Show", class_name="when-hidden"),
                rx.el.span("Hide", class_name="when-shown"),
                rx.el.span(f" {label.lower()}", class_name="sr-only"),
                type="button",
                class_name="show-button needs-js",
                aria_pressed="false",
                aria_controls=name,
                data_show=name,
            ),
            class_name="input-wrap",
        ),
        _field_error(state, name),
        *below,
        class_name="field",
    )


def app_code_field(state: type[FormState], hint_id: str = "") -> rx.Component:
    """Return the field for six digits: it accepts paste, "123 456" and the phone's own suggestion."""
    return _code_field(
        state,
        "Verification code",
        hint_id=hint_id,
        placeholder="000000",
        auto_complete="one-time-code",
        input_mode="numeric",
        key="app",
    )


def code_field(state: type[CodeForm], hint_id: str = "") -> rx.Component:
    """Return the field for a code of the authenticator or, after "Use a recovery code", a recovery code."""
    recovery = _code_field(
        state,
        "Recovery code",
        hint_id=hint_id,
        placeholder="xxxx-xxxx-xxxx-xxxx",
        auto_complete="off",
        input_mode="text",
        key="recovery",
    )
    # Different keys make them two elements, so that a value typed into one does not appear in the other.
    return rx.fragment(rx.cond(state.recovery, recovery, app_code_field(state, hint_id)))


def switch_code_button(state: type[CodeForm]) -> rx.Component:
    """Return the button that switches between the two kinds of code."""
    return rx.el.button(
        rx.cond(state.recovery, "Use your authenticator app instead", "Use a recovery code"),
        type="button",
        class_name="link-button",
        on_click=state.switch_code,
        custom_attrs=named("switch-code"),
    )


def submit_button(
    state: type[FormState], label: rx.Var[str] | str, pending_label: str, look: str = "button-wide"
) -> rx.Component:
    """Return the submit button; it shows a pending label, and is disabled while the form is rate limited."""
    return rx.el.button(
        rx.cond(state.pending | (state.ticket != ""), pending_label, label),
        type="submit",
        class_name=f"button button-primary {look}",
        disabled=state.wait_seconds > 0,
        data_submit="true",
    )


def form_messages(state: type[FormState]) -> rx.Component:
    """Return the messages above a form. Both live regions always exist, so that a change is announced."""
    return rx.el.div(
        rx.el.div(
            rx.cond(
                state.notice != "", rx.el.div(icon("info"), rx.el.p(state.notice), class_name="box box-info")
            ),
            role="status",
            custom_attrs=named("form-notice"),
        ),
        rx.el.div(
            rx.cond(
                state.alert != "", rx.el.div(icon("warning"), _alert_text(state), class_name="box box-bad")
            ),
            role="alert",
            tab_index=-1,
            class_name="alert-region",
            custom_attrs=named(messages.ALERT_ID),
        ),
        class_name="form-messages",
    )


def claim_form(state: type[FormState]) -> rx.Component:
    """Return the hidden form that exchanges the one-time ticket for the cookie, which a websocket cannot set.

    session.js copies `data-ticket` into the field and posts the form as soon as there is one.
    """
    return NativeForm.create(
        rx.el.input(type="hidden", name="ticket", default_value="", custom_attrs=named("claim-ticket")),
        rx.el.input(type="hidden", name="next", value=state.next_path, read_only=True),
        method="post",
        action="/session/claim",
        data_ticket=state.ticket,
        hidden=True,
        custom_attrs=named("claim"),
    )


def next_field(state: type[FormState]) -> rx.Component:
    """Return the destination field; session.js fills it from the URL if the page is not connected yet."""
    return rx.el.input(
        type="hidden",
        name="next",
        value=rx.cond(state.next_path != "", state.next_path, DASHBOARD.path),
        read_only=True,
    )


def _code_field(
    state: type[FormState],
    label: str,
    *,
    hint_id: str,
    placeholder: str,
    auto_complete: str,
    input_mode: str,
    key: str,
) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for="code"),
        rx.el.input(
            type="text",
            name="code",
            auto_complete=auto_complete,
            placeholder=placeholder,
            required=True,
            class_name=f"input input-code input-code-{key}",
            aria_invalid=_is_bad(state, "code"),
            aria_describedby=_described(state, "code", hint_id),
            data_select="true",
            custom_attrs=named(
                "code",
                autoCapitalize="none",
                spellCheck="false",
                inputMode=input_mode,
            ),
        ),
        _field_error(state, "code"),
        key=key,
        class_name="field",
    )


def _alert_text(state: type[FormState]) -> rx.Component:
    return rx.cond(
        state.wait_seconds > 0,
        countdown(state, state.alert, messages.TOO_MANY_ATTEMPTS),
        rx.el.p(state.alert),
    )


def countdown(state: type[FormState], whole: rx.Var[str] | str, before: str) -> rx.Component:
    """Return a countdown: screen readers get the text `whole` once, without the ticking clock."""
    return rx.el.div(
        rx.el.p(whole, class_name="sr-only"),
        rx.el.p(
            before,
            rx.el.span(
                state.wait_text,
                class_name="clock",
                data_wait=f"{state.wait_seconds}:{state.answers}",
            ),
            ".",
            aria_hidden="true",
            class_name="waiting",
        ),
        rx.el.p("You can try again now.", class_name="waited", aria_hidden="true"),
    )


def _field_error(state: type[FormState], field: str) -> rx.Component:
    """Return the error of a field; the element always exists, for aria-describedby."""
    return rx.el.p(
        rx.cond(state.bad == field, state.bad_text, ""),
        class_name="field-error",
        custom_attrs=named(f"{field}-error"),
    )


def _is_bad(state: type[FormState], field: str) -> rx.Var[str]:
    return rx.cond((state.bad == field) | (state.bad == "both"), "true", "false")


def _described(state: type[FormState], field: str, hint_id: str = "") -> rx.Var[str]:
    """Return the ids that describe a field: its own error, or the alert that concerns both fields."""
    hint = f" {hint_id}" if hint_id else ""
    return rx.cond(state.bad == "both", f"{messages.ALERT_ID}{hint}", f"{field}-error{hint}")
