"""Who may administer."""

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.admin import store
from autograph_web.admin.errors import NotAdmin
from autograph_web.admin.person import Operator, Person
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authz.principal import Principal
from autograph_web.sessions.viewer import Viewer


class AdminPolicy:
    """Tells who is one, from the database each time: no session, copy or token vouches for a role."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    async def require(self, caller: Principal) -> None:
        """Let an administrator pass who may sign in.

        Raises:
            NotAdmin: The caller is none, or no longer.
            Unavailable: The database is away.
        """
        async with self._deps.database.read() as connection:
            await self._found(connection, caller)

    async def require_change(self, connection: AsyncConnection, operator: Operator) -> None:
        """Let an operator pass who may change accounts now, within the caller's unit of work.

        Raises:
            NotAdmin: It is no administrator, or no longer.
            ReauthenticationRequired: The administrator's sign-in is too old or too weak; a key has none.
        """
        if operator.caller is None:
            return
        person = await self._found(connection, operator.caller)
        if isinstance(operator.caller, Viewer):
            operator.caller.assurance.require_recent(person.mfa_enabled, self._deps.clock)

    async def _found(self, connection: AsyncConnection, caller: Principal) -> Person:
        row = await store.find(connection, caller.user_id)
        if row is None or not Person.of(row).is_active_admin:
            raise NotAdmin
        return Person.of(row)
