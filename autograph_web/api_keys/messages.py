"""Notification email about a new key (ASVS 5.0 V6.3)."""

from datetime import datetime

from autograph_web.api_keys.key import ApiKey
from autograph_web.infra.context import RequestContext
from autograph_web.mail.message import Action, MailMessage, circumstances


def created_email(email: str, url: str, key: ApiKey, context: RequestContext, now: datetime) -> MailMessage:
    """Return the email about a newly created key; `url` is where it can be revoked."""
    ends = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
    return MailMessage(
        to=email,
        subject="You have a new API key",
        paragraphs=(
            "A program that has this key can use your account without you, within the key's scopes.",
        ),
        action=Action("See your API keys", url),
        facts=(
            ("Name", key.name),
            ("Key", f"{key.prefix}…"),
            ("Scopes", ", ".join(key.scopes)),
            ("Expires", ends),
            *circumstances(context, now),
        ),
        closing=("If this wasn't you, revoke the key there and choose a new password by “Forgot it?”.",),
    )
