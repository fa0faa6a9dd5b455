"""Account data for the account's pages."""

from uuid import UUID

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.use_case_context import UseCaseContext


class Profiles:
    """Reads accounts for their users."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    async def of(self, user_id: UUID) -> Account:
        """Return the current state of an account.

        Raises:
            SessionEnded: The account no longer exists, and with it every session.
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.read() as connection:
            found = await accounts.find_by_id(connection, user_id)
        if found is None:
            raise SessionEnded
        return found
