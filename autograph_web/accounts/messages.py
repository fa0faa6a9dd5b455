"""Emails about the address of an account."""

from autograph_web.mail.message import Action, MailMessage


def verification_email(email: str, url: str) -> MailMessage:
    """Return the email that asks the recipient to confirm the address."""
    return MailMessage(
        to=email,
        subject="Confirm your email",
        paragraphs=(
            "Somebody, hopefully you, gave this address for an account with us.",
            "Confirm it, and we know where to reach you when you need a way back in.",
        ),
        action=Action("Confirm my email", url),
        closing=(
            "The link works once, for 24 hours.",
            "If this wasn't you, do nothing: the address stays unconfirmed.",
        ),
        thread="email verification",
    )
