"""View models of API keys."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from autograph_web.api_keys.key import ApiKey
from autograph_web.ui.view_models import format_datetime, iso

_SOON = timedelta(days=3)


@dataclass
class KeyRow:
    """One key; a time is ISO 8601 (`…_at`, empty for none) and formatted in UTC (`…_when`)."""

    key: str
    name: str
    prefix: str
    scopes: str
    made_at: str
    made_when: str
    used_at: str
    used_when: str
    used_ip: str
    ends_at: str
    ends_when: str
    over: bool
    soon: bool


def key_row(key: ApiKey, now: datetime) -> KeyRow:
    """Return the view model of a key."""
    over = key.expired(now)
    return KeyRow(
        key=key.id,
        name=key.name,
        prefix=f"{key.prefix}…",
        scopes=", ".join(key.scopes),
        made_at=iso(key.created_at),
        made_when=format_datetime(key.created_at),
        used_at=iso(key.last_used_at) if key.last_used_at else "",
        used_when=format_datetime(key.last_used_at) if key.last_used_at else "",
        used_ip=key.last_used_ip,
        ends_at=iso(key.expires_at) if key.expires_at else "",
        ends_when=format_datetime(key.expires_at) if key.expires_at else "",
        over=over,
        soon=not over and key.expires_at is not None and key.expires_at - now <= _SOON,
    )
