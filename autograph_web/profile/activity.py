"""The events of an account, for its user to browse and download."""

from autograph_web.audit.downloads import Download, Format, written
from autograph_web.audit.event_types import EventType
from autograph_web.audit.log import EventPage
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authz.principal import Principal
from autograph_web.infra.context import RequestContext
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.profile.inputs import ActivityInput
from autograph_web.sessions.principal import SessionPrincipal


class Activity:
    """Shows users the events of their own account only."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    async def page(
        self, principal: Principal, data: ActivityInput, cursor: str | None, limit: int
    ) -> EventPage:
        """Return the newest `limit` events that the filter matches, or of those older than `cursor`.

        Raises:
            InvalidCursor: The cursor was not issued by this server.
            InvalidInput: An API key requests the events of its session.
            Unavailable: The database is unavailable.
        """
        wanted = data.selection(principal)
        return await self._deps.audit_log.page(principal.user_id, wanted, cursor, limit, for_owner=True)

    async def download(
        self, context: RequestContext, principal: SessionPrincipal, data: ActivityInput, form: Format
    ) -> Download:
        """Return all events that the filter matches as a file; every check runs before any of it is sent.

        Raises:
            RateLimited: Too many downloads in an hour.
            Unavailable: The database is unavailable.
        """
        await self._deps.limiter.consume(Limit.ACTIVITY, principal.user_id.hex)
        await self._deps.audit_log.record_alone(
            EventType.DATA_EXPORTED, context, principal=principal, what="activity"
        )
        wanted = data.selection(principal)
        total = await self._deps.audit_log.count(principal.user_id, wanted)
        events = self._deps.audit_log.portions(principal.user_id, wanted, for_owner=True)
        return Download(total, written(events, form, self._deps.clock.now(), "activity"))
