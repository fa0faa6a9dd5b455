"""Emails about the address of an account."""

from autograph_web.mail.message import Action, MailMessage


def verification_email(email: str, url: str) -> MailMessage:
    """Return the email that asks the recipient to verify the address."""
    return MailMessage(
        to=email,
        subject="Verify your email",
        paragraphs=(
            "Someone (hopefully you) used this email to create an account.",
            "Verify it so you can recover your account if you lose access.",
        ),
        action=Action("Verify my email", url),
        closing=(
            "This link works once and expires in 24 hours.",
            "If this wasn't you, you can ignore this email.",
        ),
        thread="email verification",
    )
