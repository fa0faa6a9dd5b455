"""Emails of account recovery."""

from datetime import datetime

from autograph_web.infra.context import RequestContext
from autograph_web.infra.wording import counted
from autograph_web.mail.message import Action, MailMessage, circumstances
from autograph_web.recovery.revoked_credentials import RevokedCredentials


def reset_email(email: str, url: str, seconds: int, context: RequestContext, now: datetime) -> MailMessage:
    """Return the email with the link for a new password, valid for `seconds`."""
    return MailMessage(
        to=email,
        subject="Reset your password",
        paragraphs=(
            "We received a request to reset the password for your AutoGraph account.",
            f"Use the link below to choose a new one. It works once and expires in {_in_words(seconds)}.",
        ),
        action=Action("Choose a new password", url),
        facts=circumstances(context, now),
        closing=("If you didn't request this, you can ignore this email. Your password won't change.",),
        thread="password reset",
    )


def changed_email(
    email: str, url: str, removed: RevokedCredentials, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice of a new password; `url` is where to request another link."""
    told = ["The password for your AutoGraph account was reset with a link sent to this email."]
    if removed.authenticator_set_up_at is None:
        told.append(
            "All devices were signed out and all API keys were revoked. Two-step verification hasn't changed."
        )
    else:
        told.append(
            "All devices were signed out. This email hadn't been verified before, so what was set up is gone."
        )
    return MailMessage(
        to=email,
        subject="Your password was changed",
        paragraphs=(
            *told,
            *removal(removed),
            "If this wasn't you, secure your email account first, then reset your password here.",
        ),
        action=Action("This wasn't me", url),
        facts=circumstances(context, now),
    )


def disavowed_email(
    email: str, removed: RevokedCredentials, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice of what was revoked when the user disavowed a sign-in."""
    return MailMessage(
        to=email,
        subject="All devices were signed out of your account",
        paragraphs=(
            "A sign-in to your AutoGraph account was reported as “not me” with a link sent to this email.",
            "All devices were signed out and all API keys were revoked.",
            *removal(removed),
            "Choose a new password now: the person who signed in knows your current one.",
        ),
        facts=circumstances(context, now),
    )


def undone_email(
    email: str, removed: RevokedCredentials, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice that the account is back at this address."""
    return MailMessage(
        to=email,
        subject="Your email change was undone",
        paragraphs=(
            "Your account uses this email again. All devices are signed out and no browsers are trusted.",
            *removal(removed),
            "Choose a new password now: whoever requested the change had access to your account.",
        ),
        facts=circumstances(context, now),
    )


def reclaimed_email(
    email: str, removed: RevokedCredentials, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice of what the first verification of the address revoked."""
    return MailMessage(
        to=email,
        subject="Your email is verified: choose a password",
        paragraphs=(
            "This email was verified without signing in to its account and without its password.",
            "Someone else may have created the account, so what they knew or set up no longer gives access.",
            *removal(removed),
            "If you haven't chosen a password yet, use “Forgot password?” on the sign-in page.",
        ),
        facts=circumstances(context, now),
    )


def removal(removed: RevokedCredentials) -> tuple[str, ...]:
    """Return the paragraph that lists what was removed, if anything."""
    words = removed.in_words()
    if not words:
        return ()
    again = " If any of it was yours, set it up again." if removed.authenticator_set_up_at else ""
    return (f"We also removed: {words}.{again}",)


def _in_words(seconds: int) -> str:
    for size, name in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return counted(seconds // size, name)
    return counted(seconds, "second")
