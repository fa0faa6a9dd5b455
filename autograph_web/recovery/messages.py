"""Emails of account recovery."""

from datetime import datetime

from autograph_web.infra.context import RequestContext
from autograph_web.mail.message import Action, MailMessage, circumstances
from autograph_web.recovery.revoked_credentials import RevokedCredentials, counted


def reset_email(email: str, url: str, seconds: int, context: RequestContext, now: datetime) -> MailMessage:
    """Return the email with the link for a new password, valid for `seconds`."""
    return MailMessage(
        to=email,
        subject="Choose a new password",
        paragraphs=(
            "Somebody asked for a new password for your AutoGraph v3 account. Was it you? Follow this link.",
            f"It works once, and for {_in_words(seconds)}.",
        ),
        action=Action("Choose a new password", url),
        facts=circumstances(context, now),
        closing=("If it wasn't you, do nothing: your password stays as it is.",),
        thread="password reset",
    )


def changed_email(
    email: str, url: str, removed: RevokedCredentials, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice of a new password; `url` is where to request another link."""
    told = ["Your AutoGraph v3 account has a new password, chosen with a link we sent to this address."]
    if removed.authenticator_set_up_at is None:
        told.append("Every sign-in has ended, and every API key. Two-step verification is as it was.")
    else:
        told.append(
            "Every sign-in has ended. This email had not been confirmed before, so what was set up is void."
        )
    return MailMessage(
        to=email,
        subject="Your password was changed",
        paragraphs=(
            *told,
            *removal(removed),
            "If that wasn't you, make your mailbox safe first, then ask for another link here.",
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
        subject="Everybody was signed out of your account",
        paragraphs=(
            "A sign-in to your AutoGraph v3 account was taken back with the link we sent to this address.",
            "Every sign-in has ended, and every API key.",
            *removal(removed),
            "Choose a new password now: the person who signed in knows the old one.",
        ),
        facts=circumstances(context, now),
    )


def undone_email(
    email: str, removed: RevokedCredentials, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice that the account is back at this address."""
    return MailMessage(
        to=email,
        subject="The change of your email was taken back",
        paragraphs=(
            "Your account is at this address, everybody is signed out and no device is trusted any more.",
            *removal(removed),
            "Choose a new password now: whoever asked for the change was signed in to your account.",
        ),
        facts=circumstances(context, now),
    )


def reclaimed_email(
    email: str, removed: RevokedCredentials, context: RequestContext, now: datetime
) -> MailMessage:
    """Return the notice of what the first verification of the address revoked."""
    return MailMessage(
        to=email,
        subject="Your email is confirmed: choose a password",
        paragraphs=(
            "This email was confirmed where nobody was signed in to its account, and without its password.",
            "Somebody else may have created the account, so what they knew or set up no longer opens it.",
            *removal(removed),
            "If you haven't chosen a password yet, ask for a link with “Forgot it?” where you sign in.",
        ),
        facts=circumstances(context, now),
    )


def removal(removed: RevokedCredentials) -> tuple[str, ...]:
    """Return the paragraph that lists what was removed, if anything."""
    words = removed.in_words()
    if not words:
        return ()
    again = " Set up again what was yours." if removed.authenticator_set_up_at else ""
    return (f"We also removed: {words}.{again}",)


def _in_words(seconds: int) -> str:
    for size, name in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return counted(seconds // size, name)
    return f"{seconds} seconds"
