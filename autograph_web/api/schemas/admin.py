"""JSON schemas of the administration endpoints: requests and responses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from autograph_web.admin.audit_search import AuditEntry
from autograph_web.admin.inputs import AuditInput
from autograph_web.admin.user_directory import UserDetail
from autograph_web.admin.user_provisioning import Created
from autograph_web.admin.user_summary import Role, Status, UserFilter, UserSummary
from autograph_web.audit.downloads import Format
from autograph_web.infra.query_text import AddressText
from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.sessions.devices import OpenSession


class UsersQuery(BaseModel):
    """Filter and pagination parameters for the list of accounts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: AddressText = Field(default="", max_length=LONGEST_EMAIL, description="Part of the email.")
    role: Role | None = None
    status: Status | None = None
    mfa: bool | None = Field(default=None, description="Whether two-step verification is on.")
    after: str = Field(default="", max_length=1024, description="`next_after` from the previous page.")
    limit: int = Field(default=50, ge=1, le=200)

    @property
    def wanted(self) -> UserFilter:
        """The filter, as the service expects it."""
        return UserFilter(self.email, self.role, self.status, self.mfa)


class UserOut(BaseModel):
    """An account as an administrator sees it."""

    id: UUID
    email: str
    role: str
    status: str
    mfa_enabled: bool
    email_verified: bool
    created_at: datetime
    last_sign_in_at: datetime | None

    @classmethod
    def of(cls, person: UserSummary) -> "UserOut":
        """Return the JSON representation of `person`."""
        return cls(**_members(person))


def _members(person: UserSummary) -> dict[str, Any]:
    return {name: getattr(person, name) for name in UserOut.model_fields}


class UsersOut(BaseModel):
    """Accounts by email; `next_after` is null on the last page."""

    users: list[UserOut]
    next_after: str | None


class UserSessionOut(BaseModel):
    """An active session of an account."""

    id: UUID
    method: str = Field(description="Sign-in methods used.", examples=["password+totp"])
    ip: str
    device: str = Field(description="Guessed from the user agent.", examples=["Firefox 140 on Linux"])
    signed_in_at: datetime
    last_seen_at: datetime = Field(description="Accurate to a few minutes.")

    @classmethod
    def of(cls, session: OpenSession) -> "UserSessionOut":
        """Return the JSON representation of `session`."""
        return cls(
            id=session.id,
            method=session.method,
            ip=session.ip,
            device=describe_user_agent(session.user_agent),
            signed_in_at=session.created_at,
            last_seen_at=session.last_seen_at,
        )


class FindingOut(BaseModel):
    """One event, with its account and, if any, the administrator who caused it."""

    id: int
    at: datetime
    kind: str
    label: str
    user_id: UUID | None
    email: str | None = Field(description="The account's email; null for no account or a deleted one.")
    operator: str | None
    device: str
    ip: str
    user_agent: str
    session_id: UUID | None
    details: dict[str, Any]

    @classmethod
    def of(cls, finding: AuditEntry) -> "FindingOut":
        """Return the JSON representation of `finding`."""
        event = finding.event
        return cls(
            id=event.id,
            at=event.at,
            kind=event.kind.value,
            label=event.kind.label,
            user_id=event.user_id,
            email=finding.email,
            operator=finding.operator,
            device=describe_user_agent(event.user_agent),
            ip=event.ip,
            user_agent=event.user_agent,
            session_id=event.session_id,
            details=event.details,
        )


class FindingsOut(BaseModel):
    """Events, newest first; `next_cursor` is null on the last page."""

    events: list[FindingOut]
    next_cursor: str | None


class StandingOut(UserOut):
    """An account in detail."""

    open_sessions: int
    recovery_codes_left: int
    trusted_devices: int
    sessions: list[UserSessionOut] = Field(description="Most recently used, up to 100.")
    recent_events: list[FindingOut]

    @classmethod
    def made(
        cls, standing: UserDetail, sessions: list[OpenSession], recent: list[AuditEntry]
    ) -> "StandingOut":
        """Return the JSON representation of `standing`."""
        return cls(
            **_members(standing.person),
            open_sessions=standing.open_sessions,
            recovery_codes_left=standing.recovery_codes_left,
            trusted_devices=standing.trusted_devices,
            sessions=[UserSessionOut.of(one) for one in sessions],
            recent_events=[FindingOut.of(one) for one in recent],
        )


class CreatedOut(BaseModel):
    """A new account; `link` is for setting a password, unless it has one or was invited."""

    id: UUID
    email: str
    link: str | None

    @classmethod
    def of(cls, created: Created, *, invited: bool) -> "CreatedOut":
        """Return the JSON representation of `created`; a link that was emailed is not included."""
        return cls(id=created.id, email=created.email, link=None if invited else created.link)


class RoleRequest(BaseModel):
    """The new role of an account."""

    model_config = ConfigDict(extra="forbid")

    role: Role


class AddressRequest(BaseModel):
    """An IP address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(max_length=128, examples=["203.0.113.7"])


class LiftedOut(BaseModel):
    """The limits that were lifted, by their names in the metrics."""

    lifted: list[str]


class ChangedOut(BaseModel):
    """Whether anything changed."""

    changed: bool


class AuditQuery(AuditInput):
    """Filter and pagination parameters for the audit log."""

    cursor: str | None = Field(
        default=None, max_length=64, description="`next_cursor` from the previous page."
    )
    limit: int = Field(default=50, ge=1, le=200)


class AuditExportQuery(AuditInput):
    """Filter and format of an audit log export."""

    format: Format = Format.CSV
