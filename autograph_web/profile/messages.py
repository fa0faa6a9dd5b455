"""Emails to users about their own account."""

from datetime import datetime

from autograph_web.infra.context import RequestContext
from autograph_web.mail.message import Action, MailMessage, circumstances


def password_changed_email(email: str, context: RequestContext, now: datetime, *, ended: bool) -> MailMessage:
    """Return the notice of a password change, and whether every other session was `ended`."""
    others = "All other devices were signed out." if ended else "Other devices stay signed in."
    return MailMessage(
        to=email,
        subject="Your password was changed",
        paragraphs=(f"Your account password was changed. {others}",),
        facts=circumstances(context, now),
        closing=(
            "If this wasn't you, use “Forgot password?” on the sign-in page. That signs out every device.",
        ),
    )


def farewell_email(email: str, context: RequestContext, now: datetime) -> MailMessage:
    """Return the notice that the account was deleted."""
    return MailMessage(
        to=email,
        subject="Your account was deleted",
        paragraphs=(
            "Your account and its data were deleted, and you were signed out everywhere.",
            "This is the last email you'll get from us. You can create a new account at any time.",
        ),
        facts=circumstances(context, now),
        closing=("If this wasn't you, someone knew your password. Change it anywhere else you use it.",),
    )


def new_address_email(email: str, url: str) -> MailMessage:
    """Return the email that asks the recipient to confirm the new address."""
    return MailMessage(
        to=email,
        subject="Confirm your new email",
        paragraphs=(
            "Someone asked to use this email for their account.",
            "Nothing changes until you confirm.",
        ),
        action=Action("Confirm my new email", url),
        closing=(
            "This link works once and expires in 24 hours.",
            "If this wasn't you, you can ignore this email.",
        ),
        thread="email change",
    )


def address_taken_email(email: str) -> MailMessage:
    """Return the notice that a user of another account requested this address."""
    return MailMessage(
        to=email,
        subject="Someone tried to use your email",
        paragraphs=(
            "Someone tried to change their account's email to yours, but you already have an account.",
            "Nothing changed, and we didn't tell them.",
        ),
        closing=("If it was you, sign in with this email, or delete that account first.",),
    )


def change_asked_email(
    email: str, new: str, undo_url: str, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice to the old address that a change was requested, with the undo link."""
    return MailMessage(
        to=email,
        subject="Email change requested",
        paragraphs=(
            f"Someone who was signed in to your account asked to change its email to {new}.",
            "Nothing changes until that email is confirmed. If this was you, you don't need to do anything.",
        ),
        action=Action("This wasn't me", undo_url),
        facts=circumstances(context, now),
        closing=(
            "Use the link within three days to cancel or undo the change.",
            "It also signs out every device and lets you choose a new password.",
        ),
    )


def changed_address_email(
    email: str, new: str, undo_url: str, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice to the old address that the account has moved, with the undo link."""
    return MailMessage(
        to=email,
        subject="Your email was changed",
        paragraphs=(f"Your account's email is now {new}. You can no longer sign in with this email.",),
        action=Action("This wasn't me", undo_url),
        facts=circumstances(context, now),
        closing=(
            "You can undo this for three days with the link.",
            "It also signs out every device and lets you choose a new password.",
        ),
    )
