"""The steps of the page of one account: each change asks for confirmation."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.admin.person.state import Intent, PersonState
from autograph_web.ui.components.forms import submit_button
from autograph_web.ui.components.steps import (
    confirm_step,
    step_buttons,
    step_container,
    step_form,
    step_title,
)

_NOTIFIED = "The owner gets a letter that says so."
# Question, consequences, label of the button, its label while pending, and its look.
_QUESTIONS: dict[Intent, tuple[str, str, str, str, str]] = {
    Intent.LOCK: (
        "Lock this account?",
        "Nobody can sign in to it any more, every session ends at once, and its links and keys open nothing.",
        "Lock account",
        "Locking…",
        "button-bad",
    ),
    Intent.UNLOCK: (
        "Unlock this account?",
        "Its owner can sign in again, with the password as it was.",
        "Unlock account",
        "Unlocking…",
        "",
    ),
    Intent.MAKE_ADMIN: (
        "Make this account an administrator's?",
        "Its owner can then do everything you can, to your account as well. Every session ends first.",
        "Make administrator",
        "Changing the role…",
        "",
    ),
    Intent.MAKE_USER: (
        "Take the role of administrator away?",
        "These pages are closed to its owner at once, and every session ends.",
        "Make a user",
        "Changing the role…",
        "button-bad",
    ),
    Intent.END_SESSIONS: (
        "Sign this account out everywhere?",
        "Every browser and every program that is signed in has to sign in again.",
        "Sign out everywhere",
        "Signing out…",
        "button-bad",
    ),
    Intent.RESET_MFA: (
        "Reset two-step verification?",
        "Authenticators, recovery codes and trusted devices go. Be sure that it is the owner who asks.",
        "Reset two-step verification",
        "Resetting…",
        "button-bad",
    ),
    Intent.LIFT_LIMITS: (
        "Lift the limits on signing in?",
        "Its owner, and everybody behind the same address, can try again at once.",
        "Lift limits",
        "Lifting…",
        "",
    ),
}
# Changes of which the owner is not notified.
_UNNOTIFIED = (Intent.LIFT_LIMITS,)


def step() -> rx.Component:
    """Return the active step: a confirmation, or the re-authentication."""
    confirm = confirm_step(
        PersonState, "Changing somebody's account takes your password, and a current code if you use one."
    )
    questions = ((intent.value, _question(intent)) for intent in _QUESTIONS)
    return step_container(rx.match(PersonState.step, *questions, confirm))


def _question(intent: Intent) -> rx.Component:
    title, words, label, pending, look = _QUESTIONS[intent]
    mine = rx.cond(
        PersonState.mine, rx.el.p("It is your own account: you are signed out as well.", class_name="warn")
    )
    mine = rx.fragment() if intent in _UNNOTIFIED else mine
    return rx.el.div(
        step_title(title),
        rx.el.p(
            rx.el.strong(PersonState.person.email, custom_attrs={"dir": "auto"}),
            f". {words}" if intent in _UNNOTIFIED else f". {words} {_NOTIFIED}",
            class_name="said",
        ),
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
