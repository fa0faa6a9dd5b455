"""Feature flags as administrators view and change them."""

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.admin import store
from autograph_web.admin.errors import NotAdmin
from autograph_web.admin.user_summary import UserSummary, actor_of
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.flags.flags import Flags, FlagState
from autograph_web.flags.inputs import FlagChange
from autograph_web.infra.context import RequestContext
from autograph_web.sessions.principal import SessionPrincipal


class FeatureFlags:
    """Lets administrators with a recent authentication change flags."""

    def __init__(self, deps: UseCaseContext, flags: Flags) -> None:
        self._deps, self._flags = deps, flags

    async def all(self) -> list[FlagState]:
        """Return the state of every flag.

        Raises:
            Unavailable: The database is unavailable.
        """
        return await self._flags.all()

    async def change(
        self, context: RequestContext, principal: SessionPrincipal, data: FlagChange
    ) -> FlagState:
        """Change a flag; it takes effect in all processes at once, within ten seconds if a message is lost.

        Raises:
            NotAdmin: The viewer is not an administrator, or not any more.
            ReauthenticationRequired: The authentication is not recent.
            Unavailable: The database is unavailable; nothing changed.
        """

        async def leave(connection: AsyncConnection) -> None:
            row = await store.find(connection, principal.user_id)
            if row is None or not UserSummary.of(row).is_active_admin:
                raise NotAdmin
            principal.assurance.require_recent(row.mfa_enabled, self._deps.clock)

        return await self._flags.change(context, actor_of(principal), data, principal.user_id, leave)
