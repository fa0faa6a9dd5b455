"""What an account's pages show of it."""

from uuid import UUID

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.use_case_context import UseCaseContext


class Profiles:
    """Reads accounts for their owners."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    async def of(self, user_id: UUID) -> Account:
        """Return an account as it is now.

        Raises:
            SessionEnded: It is gone, and every session of it.
            Unavailable: The database is away.
        """
        async with self._deps.database.read() as connection:
            found = await accounts.find_by_id(connection, user_id)
        if found is None:
            raise SessionEnded
        return found
