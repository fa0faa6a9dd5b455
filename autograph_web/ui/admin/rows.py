"""View models of accounts and events for administrators."""

from dataclasses import dataclass

from autograph_web.admin.audit_search import AuditEntry
from autograph_web.admin.user_summary import Role, Status, UserSummary
from autograph_web.audit.event_types import Outcome
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.ui.view_models import event_icon, format_datetime, iso


@dataclass
class UserRow:
    """One account; a time is ISO 8601 (`…_at`, empty for none) and formatted in UTC (`…_when`)."""

    key: str = ""
    email: str = ""
    administrator: bool = False
    locked: bool = False
    two_step: bool = False
    verified: bool = False
    made_at: str = ""
    made_when: str = ""
    seen_at: str = ""
    seen_when: str = ""


@dataclass
class AuditRow:
    """One event, its account (`person` is the id) and the acting operator; times as above."""

    key: str
    label: str
    icon: str
    refused: bool
    person: str
    email: str
    operator: str
    device: str
    ip: str
    at: str
    when: str


def user_row(person: UserSummary) -> UserRow:
    """Return the view model of an account."""
    seen = person.last_sign_in_at
    return UserRow(
        key=str(person.id),
        email=person.email,
        administrator=person.role == Role.ADMIN,
        locked=person.status == Status.LOCKED,
        two_step=person.mfa_enabled,
        verified=person.email_verified,
        made_at=iso(person.created_at),
        made_when=format_datetime(person.created_at),
        seen_at=iso(seen) if seen else "",
        seen_when=format_datetime(seen) if seen else "",
    )


def audit_row(finding: AuditEntry) -> AuditRow:
    """Return the view model of an event; a deleted account has no link."""
    event = finding.event
    return AuditRow(
        key=str(event.id),
        label=event.kind.label,
        icon=event_icon(event.kind.value),
        refused=event.kind.outcome is Outcome.REFUSED,
        person=str(event.user_id) if finding.email else "",
        email=finding.email or ("Deleted account" if event.user_id else "Unknown account"),
        operator=finding.operator or "",
        device=describe_user_agent(event.user_agent),
        ip=event.ip,
        at=iso(event.at),
        when=format_datetime(event.at),
    )
