"""Inputs of what users do with their own account."""

from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.api_keys.key import ApiKeyPrincipal
from autograph_web.audit.event_filter import EventFilter
from autograph_web.audit.event_types import EventCategory
from autograph_web.authz.principal import Principal
from autograph_web.infra.errors import InvalidInput
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT
from autograph_web.infra.timestamps import Moment

# The event of the sign-in is recorded shortly before its session starts.
_BEFORE_THE_SESSION = timedelta(hours=1)


class PasswordChangeInput(BaseModel):
    """The current password, the new one, and whether all other sessions end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current_password: SecretStr
    new_password: SecretStr
    end_other_sessions: bool = True


class DeletionInput(BaseModel):
    """The account's own email, entered to confirm the deletion."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confirm_email: str = Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])


class Device(StrEnum):
    """Where events happened, relative to the requesting session."""

    THIS = "this"
    OTHER = "other"


class ActivityInput(BaseModel):
    """A filter on the user's own events; an omitted field matches everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: EventCategory | None = Field(default=None, description="Category of events.")
    device: Device | None = Field(
        default=None,
        description="`this`: this session; `other`: everything else, including failed attempts.",
    )
    since: Moment | None = Field(default=None, description="Inclusive start (RFC 3339).")
    until: Moment | None = Field(default=None, description="Exclusive end.")

    def selection(self, principal: Principal) -> EventFilter:
        """Return the filter for `principal`; an API key has no session, so for it `other` matches everything.

        Raises:
            InvalidInput: An API key requests the events of its session.
        """
        if isinstance(principal, ApiKeyPrincipal):
            if self.device is Device.THIS:
                raise InvalidInput(field="device")
            return EventFilter(
                kinds=self.group.kinds if self.group else (), since=self.since, until=self.until
            )
        this = principal.session_id if self.device is Device.THIS else None
        since = self.since
        if this is not None:  # no event of the session is older, which bounds the search
            begun = principal.signed_in_at - _BEFORE_THE_SESSION
            since = max(since or begun, begun)
        return EventFilter(
            kinds=self.group.kinds if self.group else (),
            session_id=this,
            elsewhere=principal.session_id if self.device is Device.OTHER else None,
            since=since,
            until=self.until,
        )
