"""Authorization of administrators."""

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.admin import store
from autograph_web.admin.errors import NotAdmin
from autograph_web.admin.user_summary import Actor, UserSummary
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authz.principal import Principal
from autograph_web.sessions.principal import SessionPrincipal


class AdminPolicy:
    """Checks the administrator role in the database each time; sessions, copies and tokens do not count."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    async def require(self, caller: Principal) -> None:
        """Require that the caller is an active administrator.

        Raises:
            NotAdmin: The caller is not an administrator, or not any more.
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.read() as connection:
            await self._found(connection, caller)

    async def require_change(self, connection: AsyncConnection, operator: Actor) -> None:
        """Require that an operator may change accounts now, within the caller's unit of work.

        Raises:
            NotAdmin: The operator is not an administrator, or not any more.
            ReauthenticationRequired: The administrator's authentication is too old or too weak; API keys have
                none.
        """
        if operator.caller is None:
            return
        person = await self._found(connection, operator.caller)
        if isinstance(operator.caller, SessionPrincipal):
            operator.caller.assurance.require_recent(person.mfa_enabled, self._deps.clock)

    async def _found(self, connection: AsyncConnection, caller: Principal) -> UserSummary:
        row = await store.find(connection, caller.user_id)
        if row is None or not UserSummary.of(row).is_active_admin:
            raise NotAdmin
        return UserSummary.of(row)
