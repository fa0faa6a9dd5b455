"""Who may administer."""

from autograph_web.admin import store
from autograph_web.admin.person import Person
from autograph_web.api_keys.key import KeyHolder
from autograph_web.audit.foundation import Foundation
from autograph_web.core.errors import NotAdmin
from autograph_web.sessions.viewer import Viewer


class Administrators:
    """Tells who is one, from the database each time: no session, copy or token vouches for a role."""

    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def require(self, caller: Viewer | KeyHolder) -> None:
        """Let an administrator pass who may sign in.

        Raises:
            NotAdmin: The caller is none, or no longer.
            Unavailable: The database is away.
        """
        async with self._on.database.read() as connection:
            row = await store.find(connection, caller.user_id)
        if row is None or not Person.of(row).is_active_admin:
            raise NotAdmin
