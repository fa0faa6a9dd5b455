"""The events of an account, for its user to browse and download."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID

from autograph_web.audit.downloads import Download, Format, place_of, written
from autograph_web.audit.kinds import Kind
from autograph_web.audit.log import AuditEvent
from autograph_web.audit.selection import Place, Selection
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authz.principal import Principal
from autograph_web.infra.context import RequestContext
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.profile.inputs import ActivityInput
from autograph_web.sessions.viewer import Viewer

_PORTION = 500  # events read at once for a file; no transaction stays open between two portions


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Some events, newest first, and the cursor of the next older ones, if any."""

    events: list[AuditEvent]
    next_cursor: str | None


class Activity:
    """Shows users the events of their own account only."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    async def page(
        self, viewer: Principal, wish: ActivityInput, cursor: str | None, limit: int
    ) -> ActivityPage:
        """Return the newest `limit` events that the filter matches, or of those older than `cursor`.

        Raises:
            InvalidCursor: The cursor was not issued by this server.
            InvalidInput: An API key requests the events of its session.
            Unavailable: The database is unavailable.
        """
        before = Place.decode(cursor) if cursor else None
        # One more than requested shows whether there are more.
        found = await self._deps.audit_log.selected(viewer.user_id, wish.selection(viewer), before, limit + 1)
        events = found[:limit]
        return ActivityPage(events, place_of(events[-1]).encode() if len(found) > limit else None)

    async def download(
        self, context: RequestContext, viewer: Viewer, wish: ActivityInput, form: Format
    ) -> Download:
        """Return all events that the filter matches as a file; every check runs before any of it is sent.

        Raises:
            RateLimited: Too many downloads in an hour.
            Unavailable: The database is unavailable.
        """
        limits = self._deps.limiter.limits(Limit.ACTIVITY, viewer.user_id.hex)
        await self._deps.limiter.consume(limits, viewer.user_id.hex)
        await self._deps.audit_log.record_alone(Kind.DATA_EXPORTED, context, viewer=viewer, what="activity")
        wanted = wish.selection(viewer)
        total = await self._deps.audit_log.count(viewer.user_id, wanted)
        events = self._all(viewer.user_id, wanted)
        return Download(total, written(events, form, self._deps.clock.now(), "activity"))

    async def _all(self, user_id: UUID, wanted: Selection) -> AsyncGenerator[list[AuditEvent]]:
        last: Place | None = None
        while True:
            events = await self._deps.audit_log.selected(user_id, wanted, last, _PORTION)
            yield events
            if len(events) < _PORTION:
                return
            last = place_of(events[-1])
