"""The steps of the page of one account: each change asks for confirmation."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.admin.person.state import Intent, PersonState
from autograph_web.ui.components.forms import submit_button
from autograph_web.ui.components.steps import (
    confirm_step,
    reauth_reason,
    step_buttons,
    step_container,
    step_form,
    step_title,
)

_NOTIFIED = "We'll let them know by email."
# Question with a place for the email, consequences, label of the button, its label while pending, its look.
_QUESTIONS: dict[Intent, tuple[str, str, str, str, str]] = {
    Intent.LOCK: (
        "Lock {}?",
        "They'll be signed out immediately and can't sign in. Their API keys and links stop working.",
        "Lock account",
        "Locking…",
        "button-bad",
    ),
    Intent.UNLOCK: (
        "Unlock {}?",
        "They'll be able to sign in again with their existing password.",
        "Unlock account",
        "Unlocking…",
        "",
    ),
    Intent.MAKE_ADMIN: (
        "Make {} an administrator?",
        "They'll be able to do everything you can, including to your account. They'll be signed out first.",
        "Make administrator",
        "Changing the role…",
        "",
    ),
    Intent.MAKE_USER: (
        "Remove administrator role from {}?",
        "They'll lose access to these pages immediately and be signed out.",
        "Remove administrator role",
        "Changing the role…",
        "button-bad",
    ),
    Intent.END_SESSIONS: (
        "Sign {} out everywhere?",
        "Every browser and API client will have to sign in again.",
        "Sign out everywhere",
        "Signing out…",
        "button-bad",
    ),
    Intent.RESET_MFA: (
        "Reset two-step verification for {}?",
        (
            "This removes their authenticator app, recovery codes and trusted browsers. Make sure the "
            "request really comes from them."
        ),
        "Reset two-step verification",
        "Resetting…",
        "button-bad",
    ),
    Intent.LIFT_LIMITS: (
        "Lift sign-in limits for {}?",
        "They, and everyone with the same IP address, can try again immediately.",
        "Lift limits",
        "Lifting…",
        "",
    ),
}
# Changes of which the user is not notified.
_UNNOTIFIED = (Intent.LIFT_LIMITS,)


def step() -> rx.Component:
    """Return the active step: a confirmation, or the re-authentication."""
    confirm = confirm_step(PersonState, reauth_reason(PersonState, "change this account"))
    questions = ((intent.value, _question(intent)) for intent in _QUESTIONS)
    return step_container(rx.match(PersonState.step, *questions, confirm))


def _question(intent: Intent) -> rx.Component:
    title, words, label, pending, look = _QUESTIONS[intent]
    mine = rx.cond(
        PersonState.mine, rx.el.p("This is your own account. You'll be signed out too.", class_name="warn")
    )
    mine = rx.fragment() if intent in _UNNOTIFIED else mine
    return rx.el.div(
        step_title(title.format(PersonState.person.email)),
        rx.el.p(words if intent in _UNNOTIFIED else f"{words} {_NOTIFIED}", class_name="said"),
        mine,
        step_form(
            PersonState,
            intent.value,
            PersonState.carry_out,
            step_buttons(PersonState, submit_button(PersonState, label, pending, look)),
            has_fields=False,
        ),
        key=intent.value,
    )
