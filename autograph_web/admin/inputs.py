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
        description="The address or the id of an account.",
    )
    ip: str | None = Field(default=None, min_length=1, max_length=64, description="IP address, any spelling.")
    group: EventCategory | None = Field(default=None, description="What the events are about.")
    kind: str | None = Field(default=None, max_length=64, description="The name of one kind of event.")
    outcome: Outcome | None = Field(default=None, description="`done`, or `refused`: a try that failed.")
    since: Moment | None = Field(default=None, description="The earliest moment, itself included (RFC 3339).")
    until: Moment | None = Field(default=None, description="The moment before which events end.")

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
