"""The page on which an administrator creates an account."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.admin.user_summary import Role
from autograph_web.ui.account_frame import skeleton
from autograph_web.ui.admin.frame import admin_frame
from autograph_web.ui.admin.new_user.state import CREATE, NewUserState
from autograph_web.ui.components.cards import card
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import (
    address_field,
    claim_form,
    form_messages,
    password_field,
    submit_button,
)
from autograph_web.ui.components.native import NativeLink, named
from autograph_web.ui.components.steps import (
    confirm_step,
    reauth_reason,
    step_container,
    step_form,
    step_title,
)
from autograph_web.ui.routes import ADMIN_NEW_USER, ADMIN_USERS


def new_user_page() -> rx.Component:
    """Return the page: address, role and password of the new account."""
    back = NativeLink.create("Back to users", href=ADMIN_USERS.path, custom_attrs=named("back"))
    return admin_frame(
        NewUserState,
        ADMIN_NEW_USER,
        "Create an account for someone. Their email is marked as verified, so make sure it's correct.",
        rx.fragment(
            form_messages(NewUserState),
            rx.el.div(_card(), rx.el.p(back, class_name="said"), class_name="cards"),
        ),
        skeleton("card-wide"),
        claim_form(NewUserState),
        browser_commands(NewUserState.leave, NewUserState.focus),
        load=NewUserState.load,
        section=ADMIN_USERS,
    )


def _card() -> rx.Component:
    confirm = confirm_step(NewUserState, reauth_reason(NewUserState, "create an account"))
    return card(
        "new-user",
        "Create account",
        rx.el.div(
            step_container(rx.cond(NewUserState.step == CREATE, _form(), confirm)),
            class_name="card-work",
        ),
    )


def _form() -> rx.Component:
    hint = rx.el.p(
        "Leave blank to email them a link to set a password. The link expires in 24 hours.",
        class_name="hint",
        custom_attrs=named("password-hint"),
    )
    return rx.el.div(
        step_title("Account details"),
        step_form(
            NewUserState,
            "create",
            NewUserState.create,
            address_field(NewUserState, "email", "Email", "off"),
            _role(),
            password_field(
                NewUserState,
                "new-password",
                hint,
                label="Password (optional)",
                hint_id="password-hint",
                required=False,
            ),
            rx.el.div(submit_button(NewUserState, "Create account", "Creating…", ""), class_name="actions"),
        ),
        key=CREATE,
    )


def _role() -> rx.Component:
    return rx.el.div(
        rx.el.label("Role", html_for="role"),
        rx.el.select(
            rx.el.option("User", value=Role.USER.value),
            rx.el.option("Administrator", value=Role.ADMIN.value),
            name="role",
            default_value=Role.USER.value,
            class_name="input select",
            custom_attrs=named("role"),
        ),
        class_name="field",
    )
