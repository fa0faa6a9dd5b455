"""Emails to the user of an account when an operator changes it."""

from datetime import datetime

from autograph_web.mail.message import Action, MailMessage

_CHANGES = {
    "locked": (
        "Your account was locked",
        "Your account was locked. Nobody can sign in to it, and every sign-in has ended.",
    ),
    "unlocked": ("Your account is open again", "Your account is no longer locked. You can sign in again."),
    "admin": (
        "You are an administrator now",
        "Your account was made an administrator's. Sign in again: every sign-in from before has ended.",
    ),
    "user": (
        "You are no longer an administrator",
        "Your account is no longer an administrator's. Sign in again: every sign-in from before has ended.",
    ),
    "signed_out": ("You were signed out", "Every sign-in to your account was ended."),
    "mfa_reset": (
        "Two-step verification was reset",
        "Your authenticator, recovery codes and trusted devices were removed, and every sign-in has ended.",
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
        closing=("If you did not expect this, ask whoever runs the server.",),
    )


def invitation_email(email: str, url: str, now: datetime) -> MailMessage:
    """Return the email that asks the user of a new account to choose a password."""
    return MailMessage(
        to=email,
        subject="Your new account",
        paragraphs=("An account was made for you. Choose a password, and it is yours.",),
        action=Action("Choose a password", url),
        facts=_facts(now),
        closing=("The link works once, for 24 hours. Later, “Forgot it?” where you sign in sends another.",),
    )


def _facts(now: datetime) -> tuple[tuple[str, str], ...]:
    # Without the origin, because the operator's network address must not be disclosed.
    return (("When", f"{now:%Y-%m-%d %H:%M} UTC"), ("By", "an operator of this server"))
