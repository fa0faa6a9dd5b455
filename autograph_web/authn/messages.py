"""Notification emails about changes of a factor (ASVS 5.0 V6.3)."""

from datetime import datetime

from autograph_web.infra.context import RequestContext
from autograph_web.mail.message import MailMessage, circumstances

_WHAT = {
    "enabled": ("Two-step verification is on", "Two-step verification was turned on."),
    "replaced": ("Your authenticator app was replaced", "Your authenticator app was replaced."),
    "disabled": ("Two-step verification is off", "Two-step verification was turned off."),
    "codes": (
        "You have new recovery codes",
        "New recovery codes were generated. The old ones no longer work.",
    ),
    "code_used": ("A recovery code was used", "Someone signed in with one of your recovery codes."),
}


def mfa_email(what: str, email: str, context: RequestContext, now: datetime) -> MailMessage:
    """Return the email about a change named in the table above."""
    subject, sentence = _WHAT[what]
    return MailMessage(
        to=email,
        subject=subject,
        paragraphs=(sentence,),
        facts=circumstances(context, now),
        closing=("If this wasn't you, sign out everywhere and change your password.",),
    )
