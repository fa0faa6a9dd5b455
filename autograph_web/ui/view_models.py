"""View models of what several pages show, and how they format it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from autograph_web.audit.log import AuditEvent
from autograph_web.authn.methods.trusted_device.trusted_devices import TrustedBrowser
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.sessions.assurance import methods_of
from autograph_web.sessions.devices import OpenSession

# With this many recovery codes left or fewer, the pages recommend new ones.
FEW_CODES = 3

# By the beginning or end of a kind's name; the first match applies.
_ICONS = (
    ("_failed", "warning"),
    ("_rate_limited", "warning"),
    ("token_reuse", "warning"),
    ("login", "sign-in"),
    ("logout", "sign-out"),
    ("session", "sign-out"),
    ("registration", "person"),
    ("email", "person"),
    ("password", "key"),
    ("mfa", "shield"),
    ("recovery", "shield"),
    ("api_key_refused", "warning"),
    ("api_key", "key"),
    ("reauthenticated", "shield"),
    ("token", "key"),
    ("device", "devices"),
    ("trusted", "devices"),
    ("data", "download"),
)
ICONS = tuple(dict.fromkeys(icon for _, icon in _ICONS))
"""Every icon an event can have, except the dot of unknown kinds."""

# The labels of a session's methods that differ from their names.
_METHODS = {"totp": "code"}


@dataclass
class ActivityRow:
    """One event in a list: `at` is ISO 8601, `when` the same formatted in UTC."""

    key: str
    label: str
    icon: str
    where: str
    device: str
    ip: str
    at: str
    when: str
    here: bool


@dataclass
class TrustedRow:
    """One trusted browser in a list; times as in `ActivityRow`."""

    key: str
    name: str
    ip: str
    used_at: str
    used_when: str
    ends_at: str
    ends_when: str


@dataclass
class DeviceRow:
    """One open session in a list; times as in `ActivityRow`."""

    key: str
    name: str
    icon: str
    ip: str
    how: str
    since_at: str
    since_when: str
    seen_at: str
    seen_when: str


def origin_text(event: AuditEvent) -> str:
    """Return the origin of `event`: device and address."""
    return " · ".join(part for part in (describe_user_agent(event.user_agent), event.ip) if part)


def format_datetime(at: datetime) -> str:
    """Return `at` formatted in UTC, for a page whose script has not converted it to the user's time zone."""
    at = _aware(at)
    return f"{at:%B} {at.day}, {at:%Y, %H:%M} UTC"


def iso(at: datetime) -> str:
    """Return `at` as ISO 8601 in UTC, for <time datetime>."""
    return _aware(at).isoformat(timespec="seconds")


def activity_row(event: AuditEvent, number: int, session_id: UUID) -> ActivityRow:
    """Return the view model of `event`, row `number` of a list seen from the session `session_id`."""
    return ActivityRow(
        key=f"{number}-{iso(event.at)}",
        label=event.kind.label,
        icon=event_icon(event.kind.value),
        where=origin_text(event),
        device=describe_user_agent(event.user_agent),
        ip=event.ip,
        at=iso(event.at),
        when=format_datetime(event.at),
        here=event.session_id == session_id,
    )


def trusted_row(device: TrustedBrowser) -> TrustedRow:
    """Return the view model of a trusted browser."""
    return TrustedRow(
        key=str(device.id),
        name=describe_user_agent(device.user_agent),
        ip=device.ip,
        used_at=iso(device.last_used_at),
        used_when=format_datetime(device.last_used_at),
        ends_at=iso(device.expires_at),
        ends_when=format_datetime(device.expires_at),
    )


def device_row(session: OpenSession) -> DeviceRow:
    """Return the view model of an open session."""
    return DeviceRow(
        key=str(session.id),
        name=describe_user_agent(session.user_agent),
        icon="devices" if session.browser else "key",
        ip=session.ip,
        how=_method_text(session),
        since_at=iso(session.created_at),
        since_when=format_datetime(session.created_at),
        seen_at=iso(session.last_seen_at),
        seen_when=format_datetime(session.last_seen_at),
    )


def _method_text(session: OpenSession) -> str:
    names = [_METHODS.get(method, method.replace("_", " ")) for method in methods_of(session.method)]
    trusted = names[-1] == "trusted device"
    shown = " and ".join(names[:-1] if trusted else names)
    text = shown.capitalize() + (" (trusted browser)" if trusted else "")
    return text if session.browser else f"{text} · API"


def initials(email: str) -> str:
    """Return one or two initials of an address: "MN" for "mina.north@…", "M" for "mina@…"."""
    parts = [part for part in email.partition("@")[0].replace("_", ".").replace("-", ".").split(".") if part]
    return "".join(part[0] for part in parts[:2]).upper() or "?"


def event_icon(kind: str) -> str:
    """Return the icon of a kind of event."""
    return next((icon for part, icon in _ICONS if kind.startswith(part) or kind.endswith(part)), "dot")


def _aware(at: datetime) -> datetime:
    # SQLite returns times without their zone; everything is stored in UTC.
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
