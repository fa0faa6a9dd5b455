"""Searches the events of all accounts."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from uuid import UUID

from autograph_web.accounts.emails import normalize_email
from autograph_web.admin import store
from autograph_web.admin.inputs import AuditInput
from autograph_web.admin.user_summary import Actor, administrator_in, as_id
from autograph_web.audit.downloads import Download, Format, written
from autograph_web.audit.event_filter import Cursor, EventFilter
from autograph_web.audit.event_types import EventType
from autograph_web.audit.log import ACTOR, AuditEvent
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.ip_addresses import canonical_address
from autograph_web.infra.ratelimit.table import Limit

_GONE = "a deleted administrator"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One event, the address of its account, and the operator who caused it, if any.

    `email` is None for an event without an account, or of a deleted one; `operator` is an address as well, or
    the name of the command line user.
    """

    event: AuditEvent
    email: str | None
    operator: str | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some events, newest first, and the cursor of the next older ones, if any."""

    found: list[AuditEntry]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class _Search:
    owner: UUID | None
    wanted: EventFilter


class AuditSearch:
    """Shows administrators the events of all accounts; callers must authorize the access."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    async def page(self, data: AuditInput, cursor: str | None, limit: int) -> AuditPage:
        """Return the newest `limit` events that the filter matches, or of those older than `cursor`.

        Raises:
            InvalidCursor: The cursor was not issued by this server.
            Unavailable: The database is unavailable.
        """
        search = await self._understood(data)
        if search is None:
            if cursor:
                Cursor.decode(cursor)
            return AuditPage([], None)
        page = await self._deps.audit_log.page(search.owner, search.wanted, cursor, limit, for_owner=False)
        return AuditPage(await self._with_names(page.events), page.next_cursor)

    async def download(self, operator: Actor, data: AuditInput, form: Format) -> Download:
        """Return all events that the filter matches as a file; every check runs before any of it is sent.

        Raises:
            RateLimited: Too many downloads in an hour.
            Unavailable: The database is unavailable.
        """
        caller = operator.caller
        assert caller is not None  # noqa: S101  (the command line has an export of its own)
        await self._deps.limiter.consume(Limit.AUDIT, caller.user_id.hex)
        await self._deps.audit_log.record_alone(
            EventType.DATA_EXPORTED, operator.context, user_id=caller.user_id, what="audit log"
        )
        search = await self._understood(data)
        total = await self._deps.audit_log.count(search.owner, search.wanted) if search else 0
        now = self._deps.clock.now()
        return Download(total, written(self._all(search), form, now, "audit", with_owner=True))

    async def _all(self, search: _Search | None) -> AsyncGenerator[list[AuditEvent]]:
        if search is not None:
            async for events in self._deps.audit_log.portions(search.owner, search.wanted, for_owner=False):
                yield events

    async def _understood(self, data: AuditInput) -> _Search | None:
        """Return the search to run, or None if nothing can match."""
        owner = await self._owner(data.person) if data.person else None
        kinds = data.kinds
        if kinds is None or (data.person and owner is None) or not (data.ip or "").isprintable():
            return None
        # In the stored form of addresses, whatever spelling was entered.
        ip = canonical_address(data.ip) or data.ip if data.ip else None
        return _Search(owner, EventFilter(kinds=kinds, since=data.since, until=data.until, ip=ip))

    async def _owner(self, whom: str) -> UUID | None:
        """Return the account id for an address or an id; an id may belong to a deleted account."""
        named = as_id(whom)
        if named is not None or not whom.isprintable():
            return named
        async with self._deps.database.read() as connection:
            row = await store.find_by_email(connection, normalize_email(whom))
        return row.id if row is not None else None

    async def _with_names(self, events: Sequence[AuditEvent]) -> list[AuditEntry]:
        actors = {str(event.details.get(ACTOR, "")) for event in events}
        ids = {event.user_id for event in events} | {administrator_in(actor) for actor in actors}
        async with self._deps.database.read() as connection:
            names = await store.addresses(connection, [one for one in ids if one is not None])
        return [_finding(event, names) for event in events]


def _finding(event: AuditEvent, names: dict[UUID, str]) -> AuditEntry:
    actor = str(event.details.get(ACTOR, ""))
    administrator = administrator_in(actor)
    email = names.get(event.user_id) if event.user_id else None
    return AuditEntry(event, email, names.get(administrator, _GONE) if administrator else actor or None)
