"""Emails to the user of an account when an operator changes it."""

from datetime import datetime

from autograph_web.infra.wording import moment_in_words
from autograph_web.mail.message import Action, MailMessage

_CHANGES = {
    "locked": (
        "Your account has been locked",
        "Your account has been locked. You've been signed out and can't sign in.",
    ),
    "unlocked": ("Your account has been unlocked", "Your account has been unlocked. You can sign in again."),
    "admin": (
        "You're now an administrator",
        "You're now an administrator. You've been signed out, so sign in again.",
    ),
    "user": (
        "You're no longer an administrator",
        "You're no longer an administrator. You've been signed out, so sign in again.",
    ),
    "signed_out": ("You were signed out", "You were signed out of your account on all devices."),
    "mfa_reset": (
        "Two-step verification was reset",
        "Your authenticator app, recovery codes and trusted browsers were removed. You've been signed out.",
    ),
}


def account_change_email(what: str, email: str, now: datetime) -> MailMessage:
    """Return the email about a change named in the table above."""
    subject, sentence = _CHANGES[what]
    return MailMessage(
        to=email,
        subject=subject,
        paragraphs=(sentence,),
        facts=_facts(now),
        closing=("If you didn't expect this, contact an administrator.",),
    )


def invitation_email(email: str, url: str, now: datetime) -> MailMessage:
    """Return the email that asks the user of a new account to choose a password."""
    return MailMessage(
        to=email,
        subject="Your new account",
        paragraphs=("An account was created for you. Choose a password to start using it.",),
        action=Action("Choose a password", url),
        facts=_facts(now),
        closing=(
            "This link works once and expires in 24 hours.",
            "After that, use “Forgot password?” on the sign-in page.",
        ),
    )


def _facts(now: datetime) -> tuple[tuple[str, str], ...]:
    # Without the origin, because the operator's network address must not be disclosed.
    return (("Time", moment_in_words(now)), ("By", "An administrator"))
