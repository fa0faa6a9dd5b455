"""Writes and reads the audit log."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit import store
from autograph_web.audit.chain import store as chain
from autograph_web.audit.event_filter import Cursor, EventFilter
from autograph_web.audit.event_types import EventType
from autograph_web.infra.clock import Clock
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.database import Database, after_commit
from autograph_web.infra.db.retry import retried
from autograph_web.infra.telemetry.metrics import meters

_PORTION = 500  # events in memory at once
ACTOR = "actor"
"""The key in `details` that names the operator who performed an action."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event in the form used for display."""

    id: int
    at: datetime
    kind: EventType
    ip: str
    user_agent: str
    session_id: UUID | None
    details: dict[str, Any]
    user_id: UUID | None

    @property
    def place(self) -> Cursor:
        """Where it is in a list of events."""
        return Cursor(self.at, self.id)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, newest first, and the cursor of those before them, if there are any."""

    events: list[AuditEvent]
    next_cursor: str | None


class SignedIn(Protocol):
    """A principal who acts in a session."""

    @property
    def user_id(self) -> UUID:
        """The id of the account."""
        ...

    @property
    def session_id(self) -> UUID:
        """The id of the session."""
        ...


class AuditLog:
    """The audit log: an event's row is written in the unit of work of the event itself."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self.written = asyncio.Event()
        """Set whenever this process writes, or is about to write, an event."""

    async def record(
        self,
        connection: AsyncConnection,
        kind: EventType,
        context: RequestContext,
        *,
        principal: SignedIn | None = None,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        **details: Any,
    ) -> None:
        """Add one event to the unit of work of `connection`; `principal` gives both account and session."""
        if principal is not None:
            user_id, session_id = principal.user_id, principal.session_id
        await store.add(
            connection, self.row(kind, context, user_id=user_id, session_id=session_id, **details)
        )
        after_commit(connection, lambda: count_event(kind))
        after_commit(connection, self.written.set)

    @retried
    async def record_alone(
        self,
        kind: EventType,
        context: RequestContext,
        *,
        principal: SignedIn | None = None,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        **details: Any,
    ) -> None:
        """Add one event in its own unit of work: for refusals, which change nothing else.

        Raises:
            Unavailable: The database cannot be reached.
        """
        async with self._database.unit() as connection:
            await self.record(
                connection,
                kind,
                context,
                principal=principal,
                user_id=user_id,
                session_id=session_id,
                **details,
            )

    def row(
        self,
        kind: EventType,
        context: RequestContext,
        *,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        **details: Any,
    ) -> dict[str, Any]:
        """Return the column values of one event, for a store that writes it with its own statement.

        The caller then calls `count_event` once the row has been written.
        """
        self.written.set()
        return {
            "at": self._clock.now(),
            "user_id": user_id,
            "kind": kind.value,
            "ip": context.ip[:64],
            "user_agent": context.user_agent[:512],
            "session_id": session_id,
            "request_id": context.request_id,
            "details": details,
        }

    async def forget_origin(self, connection: AsyncConnection, user_id: UUID) -> None:
        """Remove from the events of a deleted account everything that could identify its user."""
        # Rows must not be linked meanwhile, or a link with a usable salt would remain.
        await chain.lock(connection)
        await store.forget_origin(connection, user_id)
        await chain.forget_salts(connection, user_id)

    async def has(self, connection: AsyncConnection, user_id: UUID, kind: EventType) -> bool:
        """Return True if an event of this kind is recorded for an account, even a deleted one."""
        return bool(await store.selected(connection, user_id, EventFilter(kinds=(kind,)), None, 1))

    async def recent(self, user_id: UUID, limit: int) -> list[AuditEvent]:
        """Return the newest `limit` events of an account, newest first.

        Raises:
            Unavailable: The database cannot be reached.
        """
        async with self._database.read() as connection:
            return [owners(event_of(row)) for row in await store.newest(connection, user_id, limit)]

    async def last_sign_in_before(self, user_id: UUID, session_id: UUID) -> AuditEvent | None:
        """Return the newest sign-in of the account other than that of `session_id`, or None.

        Raises:
            Unavailable: The database cannot be reached.
        """
        async with self._database.read() as connection:
            row = await store.newest_elsewhere(connection, user_id, EventType.LOGIN_SUCCESS.value, session_id)
        return event_of(row) if row else None

    async def selected(
        self, user_id: UUID, wanted: EventFilter, before: Cursor | None, limit: int
    ) -> list[AuditEvent]:
        """Return the newest `limit` selected events of an account that are older than `before`, newest first.

        Raises:
            Unavailable: The database cannot be reached.
        """
        return await self._read(user_id, wanted, before, limit, for_owner=True)

    async def searched(
        self, user_id: UUID | None, wanted: EventFilter, before: Cursor | None, limit: int
    ) -> list[AuditEvent]:
        """Do the same as `selected` for an operator, over all accounts if `user_id` is None.

        Raises:
            Unavailable: The database cannot be reached.
        """
        return await self._read(user_id, wanted, before, limit, for_owner=False)

    async def page(
        self, user_id: UUID | None, wanted: EventFilter, cursor: str | None, limit: int, *, for_owner: bool
    ) -> EventPage:
        """Return the newest `limit` wanted events, or of those older than `cursor`.

        `for_owner` returns them as `selected` does, else as `searched` does.

        Raises:
            InvalidCursor: No page of ours ended there.
            Unavailable: The database cannot be reached.
        """
        before = Cursor.decode(cursor) if cursor else None
        # One more than asked for tells whether there are more.
        found = await self._read(user_id, wanted, before, limit + 1, for_owner=for_owner)
        events = found[:limit]
        return EventPage(events, events[-1].place.encode() if len(found) > limit else None)

    async def portions(
        self, user_id: UUID | None, wanted: EventFilter, *, for_owner: bool
    ) -> AsyncGenerator[list[AuditEvent]]:
        """Yield all wanted events, newest first; no connection is held between two portions.

        Raises:
            Unavailable: The database cannot be reached.
        """
        last: Cursor | None = None
        while True:
            found = await self._read(user_id, wanted, last, _PORTION, for_owner=for_owner)
            yield found
            if len(found) < _PORTION:
                return
            last = found[-1].place

    async def history(self, user_id: UUID) -> AsyncGenerator[list[AuditEvent]]:
        """Yield all events of an account as its owner may see them, oldest first, as `portions` does.

        Raises:
            Unavailable: The database cannot be reached.
        """
        last: Cursor | None = None
        while True:
            async with self._database.read() as connection:
                rows = await store.after(connection, user_id, last, _PORTION)
            if not rows:
                return
            events = [event_of(row) for row in rows]
            yield [owners(event) for event in events]
            last = events[-1].place

    async def count(self, user_id: UUID | None, wanted: EventFilter) -> int:
        """Count the selected events of an account, or of all accounts.

        Raises:
            Unavailable: The database cannot be reached.
        """
        async with self._database.read() as connection:
            return await store.count_selected(connection, user_id, wanted)

    async def _read(
        self, user_id: UUID | None, wanted: EventFilter, before: Cursor | None, limit: int, *, for_owner: bool
    ) -> list[AuditEvent]:
        async with self._database.read() as connection:
            rows = await store.selected(connection, user_id, wanted, before, limit)
        events = [event_of(row) for row in rows]
        return [owners(event) for event in events] if for_owner else events


def owners(event: AuditEvent) -> AuditEvent:
    """Return an event as its user may see it: without the address and identity of an operator."""
    if ACTOR not in event.details:
        return event
    details = event.details | {ACTOR: "an administrator"}
    return replace(event, ip="", user_agent="", session_id=None, details=details)


def count_event(kind: EventType, times: int = 1) -> None:
    """Count a written event in the metrics; `times=0` only registers its kind with them."""
    meters().events.labels(kind.value, kind.group.value).inc(times)


def event_of(row: Row[Any]) -> AuditEvent:
    """Return the event of a row."""
    return AuditEvent(
        id=row.id,
        at=row.at,
        kind=EventType(row.kind),
        ip=row.ip,
        user_agent=row.user_agent,
        session_id=row.session_id,
        details=row.details,
        user_id=row.user_id,
    )
