"""The one mechanism by which an owner who shows the mailbox ends what somebody else may have set up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.links import Links, Purpose
from autograph_web.audit.kinds import Kind
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.revocation import Cause, Revocations, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.recovery.removed import Removed


@dataclass(frozen=True, slots=True)
class WayBack:
    """The token of a link for a new password, and what was removed so that its holder alone goes on."""

    token: str
    removed: Removed


class Reclaiming:
    """Ends what opens an account besides its mailbox, within the unit of work of what shows the mailbox."""

    def __init__(self, deps: UseCaseContext, links: Links, revocations: Revocations) -> None:
        self._deps, self._links, self.revocations = deps, links, revocations

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
        cause: Cause,
        since: datetime | None = None,
    ) -> Revoked:
        """Revoke what the table says of `cause`, and record it if two-step verification ends with it.

        Call `Revocations.lock` before the account is locked, and `propagate` once the unit of work has
        committed. `since` is as for `Revocations.apply`.
        """
        revoked = await self.revocations.apply(connection, account.id, cause, since=since)
        if revoked.second_factor_set_up_at is not None:
            await self._deps.audit_log.record(
                connection, Kind.MFA_DISABLED, context, user_id=account.id, reason=cause
            )
        return revoked

    async def link_for_password(self, connection: AsyncConnection, account: Account, life: int) -> str:
        """Return the token of the only link for a new password of an account, good for `life` seconds."""
        return await self._links.issue(
            connection, Purpose.PASSWORD_RESET, account.id, life, account.email, alone=True
        )
