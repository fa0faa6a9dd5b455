"""Emails to users about their own account."""

from datetime import datetime

from autograph_web.infra.context import RequestContext
from autograph_web.mail.message import Action, MailMessage, circumstances


def password_changed_email(email: str, context: RequestContext, now: datetime, *, ended: bool) -> MailMessage:
    """Return the notice of a password change, and whether every other session was `ended`."""
    others = "Every other device was signed out." if ended else "Other devices stay signed in."
    return MailMessage(
        to=email,
        subject="Your password was changed",
        paragraphs=(f"The password of your account was changed. {others}",),
        facts=circumstances(context, now),
        closing=("If this wasn't you, choose “Forgot it?” where you sign in: that ends every session.",),
    )


def farewell_email(email: str, context: RequestContext, now: datetime) -> MailMessage:
    """Return the notice that the account was deleted."""
    return MailMessage(
        to=email,
        subject="Your account was deleted",
        paragraphs=(
            "Your account and everything in it was deleted, and you are signed out everywhere.",
            "This is the last letter about it. You can create a new account with this address at any time.",
        ),
        facts=circumstances(context, now),
        closing=("If this wasn't you, somebody knew your password. Change it wherever else you use it.",),
    )


def new_address_email(email: str, url: str) -> MailMessage:
    """Return the email that asks the recipient to confirm the new address."""
    return MailMessage(
        to=email,
        subject="Confirm your new email",
        paragraphs=(
            "An account with us is to move to this address.",
            "Nothing changes before you confirm it.",
        ),
        action=Action("Confirm my new email", url),
        closing=("The link works once, for 24 hours.", "If this wasn't you, do nothing."),
        thread="email change",
    )


def address_taken_email(email: str) -> MailMessage:
    """Return the notice that a user of another account requested this address."""
    return MailMessage(
        to=email,
        subject="Somebody wanted to use your email",
        paragraphs=(
            "Somebody asked to move their account to this address, which belongs to an account already.",
            "Nothing changed, and they were not told.",
        ),
        closing=("If it was you: sign in with this address, or delete that account first.",),
    )


def change_asked_email(
    email: str, new: str, undo_url: str, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice to the old address that a change was requested, with the undo link."""
    return MailMessage(
        to=email,
        subject="Your email is about to change",
        paragraphs=(
            f"Somebody who was signed in to your account asked to move it to {new}.",
            "Nothing changes before that address is confirmed. If this was you, there is nothing to do here.",
        ),
        action=Action("This wasn't me", undo_url),
        facts=circumstances(context, now),
        closing=(
            "The link stops the change, or takes it back for three days.",
            "It signs everybody out and lets you choose a new password.",
        ),
    )


def changed_address_email(
    email: str, new: str, undo_url: str, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice to the old address that the account has moved, with the undo link."""
    return MailMessage(
        to=email,
        subject="Your email was changed",
        paragraphs=(f"Your account has moved to {new}. This address no longer opens it.",),
        action=Action("This wasn't me", undo_url),
        facts=circumstances(context, now),
        closing=(
            "For three days the link takes it back.",
            "It signs everybody out and lets you choose a new password.",
        ),
    )
