"""What people are told about their own account."""

from datetime import datetime

from autograph_web.core.context import RequestContext
from autograph_web.mail.letter import Letter, circumstances


def password_letter(email: str, context: RequestContext, now: datetime, *, ended: bool) -> Letter:
    """Tell that the password was changed, and whether every other session was `ended`."""
    others = "Every other device was signed out." if ended else "Other devices stay signed in."
    return Letter(
        to=email,
        subject="Your password was changed",
        paragraphs=(f"The password of your account was changed. {others}",),
        facts=circumstances(context, now),
        closing=("If this wasn't you, choose “Forgot it?” where you sign in: that ends every session.",),
    )


def farewell_letter(email: str, context: RequestContext, now: datetime) -> Letter:
    """Tell that the account is deleted."""
    return Letter(
        to=email,
        subject="Your account was deleted",
        paragraphs=(
            "Your account and everything in it was deleted, and you are signed out everywhere.",
            "This is the last letter about it. You can create a new account with this address at any time.",
        ),
        facts=circumstances(context, now),
        closing=("If this wasn't you, somebody knew your password. Change it wherever else you use it.",),
    )
