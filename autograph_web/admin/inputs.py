"""Inputs of the administrators' audit log search."""

from pydantic import BaseModel, ConfigDict, Field

from autograph_web.audit.event_types import EventCategory, EventType, Outcome
from autograph_web.infra.query_text import AddressText
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT
from autograph_web.infra.timestamps import Moment


class AuditInput(BaseModel):
    """A filter on the events of all accounts; an omitted field matches everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: AddressText | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_INPUT,
        description="Full email or account ID.",
    )
    ip: str | None = Field(default=None, min_length=1, max_length=64, description="Exact IP address.")
    group: EventCategory | None = Field(default=None, description="Category of events.")
    kind: str | None = Field(default=None, max_length=64, description="One event type.")
    outcome: Outcome | None = Field(default=None, description="`done` or `refused` (failed attempt).")
    since: Moment | None = Field(default=None, description="Inclusive start (RFC 3339).")
    until: Moment | None = Field(default=None, description="Exclusive end.")

    @property
    def kinds(self) -> tuple[EventType, ...] | None:
        """The selected kinds; empty for all, None if no kind matches."""
        if self.kind is None and self.group is None and self.outcome is None:
            return ()
        return tuple(kind for kind in EventType if self._wants(kind)) or None

    def _wants(self, kind: EventType) -> bool:
        return (
            self.kind in (None, kind.value)
            and self.group in (None, kind.group)
            and self.outcome in (None, kind.outcome)
        )
