"""The one mechanism by which an owner who shows the mailbox ends what somebody else may have set up."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.links import Links, Purpose
from autograph_web.api_keys import store as api_keys
from autograph_web.audit.foundation import Foundation
from autograph_web.audit.kinds import Kind
from autograph_web.infra.context import RequestContext
from autograph_web.mfa import store as factors
from autograph_web.recovery.removed import Removed
from autograph_web.sessions.sessions import Ended, Sessions

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when everything was set up."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """The token of a link for a new password, and what was removed so that its holder alone goes on."""

    token: str
    removed: Removed


class Reclaiming:
    """Ends what opens an account besides its mailbox, within the unit of work of what shows the mailbox."""

    def __init__(self, foundation: Foundation, links: Links, sessions: Sessions) -> None:
        self._on, self._links, self.sessions = foundation, links, sessions

    async def lock(self, connection: AsyncConnection, user_id: UUID) -> None:
        """Have others who change the factors of an account wait; before the account is locked."""
        await factors.lock(connection, user_id)

    async def since_unsure(self, connection: AsyncConnection, user_id: UUID, moment: datetime) -> datetime:
        """Return since when somebody else may have been in an account that its owner takes back.

        `moment` is when what is taken back happened. A stranger may have begun with a sign-in from an unknown
        browser of which the owner was told, and which could still be taken back then.
        """
        first = moment - timedelta(seconds=Purpose.SIGN_IN_REFUSAL.life)
        told = await accounts.first_open_link(connection, user_id, Purpose.SIGN_IN_REFUSAL, (first, moment))
        return moment if told is None else min(told, moment)

    async def take_back(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        account: Account,
        reason: str,
        since: datetime | None,
    ) -> tuple[Ended, Removed]:
        """End every session, API key, trusted browser and pending change, and the factors set up since.

        Call `Sessions.make_certain` once the unit of work has committed.

        Args:
            connection: The caller's unit of work, in which the factors are locked already.
            context: Where the request came from.
            account: Whose they are.
            reason: Why, for the audit log and the ended sessions.
            since: Second factors set up at this moment or later go as well; None leaves every factor.
        """
        gone = (
            factors.Forgotten()
            if since is None
            else await factors.forget_since(connection, account.id, since)
        )
        trusted = await factors.forget_devices(connection, account.id)
        if gone.set_up_at is not None:
            await accounts.set_mfa(connection, account.id, enabled=False)
            await self._on.trail.record(
                connection, Kind.MFA_DISABLED, context, user_id=account.id, reason=reason
            )
        keys = await api_keys.revoke_all(connection, account.id, self._on.clock.now())
        # A change of address, or a link for a password, that a stranger has begun opens nothing any more.
        await self._links.revoke(connection, account.id, Purpose.PASSWORD_RESET, Purpose.EMAIL_CHANGE)
        ended = await self.sessions.end_every(connection, account.id, reason)
        return ended, Removed(ended.open, gone.set_up_at, gone.codes, trusted, keys)

    async def link_for_password(self, connection: AsyncConnection, account: Account, life: int) -> str:
        """Return the token of the only link for a new password of an account, good for `life` seconds."""
        return await self._links.issue(
            connection, Purpose.PASSWORD_RESET, account.id, life, account.email, alone=True
        )
