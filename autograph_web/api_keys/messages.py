"""Notification email about a new key (ASVS 5.0 V6.3)."""

from datetime import datetime

from autograph_web.api_keys.key import ApiKey
from autograph_web.infra.context import RequestContext
from autograph_web.mail.message import Action, MailMessage, circumstances


def created_email(email: str, url: str, key: ApiKey, context: RequestContext, now: datetime) -> MailMessage:
    """Return the email about a newly created key; `url` is where it can be revoked."""
    ends = f"{key.expires_at:%B} {key.expires_at.day}, {key.expires_at.year}" if key.expires_at else "Never"
    return MailMessage(
        to=email,
        subject="New API key created",
        paragraphs=("Anyone with this key can act on your account within its scopes.",),
        action=Action("Manage API keys", url),
        facts=(
            ("Name", key.name),
            ("Key", f"{key.prefix}…"),
            ("Scopes", ", ".join(key.scopes)),
            ("Expires", ends),
            *circumstances(context, now),
        ),
        closing=("If this wasn't you, revoke the key and change your password.",),
    )
