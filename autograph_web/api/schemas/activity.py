"""An account's own events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from autograph_web.audit.downloads import Format
from autograph_web.audit.log import AuditEvent
from autograph_web.authz.principal import Principal
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.profile.inputs import ActivityInput
from autograph_web.sessions.principal import SessionPrincipal


class ActivityQuery(ActivityInput):
    """Filter and pagination parameters for the account's events."""

    cursor: str | None = Field(
        default=None, max_length=64, description="`next_cursor` from the previous page."
    )
    limit: int = Field(default=50, ge=1, le=200)


class ExportQuery(ActivityInput):
    """Filter and format of an export of the account's events."""

    format: Format = Format.CSV


class EventOut(BaseModel):
    """One event of the account."""

    at: datetime
    kind: str
    label: str
    device: str
    ip: str
    user_agent: str
    session_id: UUID | None
    this_session: bool
    details: dict[str, Any]

    @classmethod
    def of(cls, event: AuditEvent, caller: Principal) -> "EventOut":
        """Return the JSON representation of `event` for `caller`; an API key has no session."""
        return cls(
            at=event.at,
            kind=event.kind.value,
            label=event.kind.label,
            device=describe_user_agent(event.user_agent),
            ip=event.ip,
            user_agent=event.user_agent,
            session_id=event.session_id,
            this_session=isinstance(caller, SessionPrincipal) and event.session_id == caller.session_id,
            details=event.details,
        )


class ActivityOut(BaseModel):
    """Events, newest first; `next_cursor` is null on the last page."""

    events: list[EventOut]
    next_cursor: str | None
