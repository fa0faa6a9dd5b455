"""The shared way in which proof of the mailbox revokes what someone else may have set up in an account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.links import Links, Purpose
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.revocation import Cause, Revocations, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.recovery.revoked_credentials import RevokedCredentials


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """The token of a link for a new password, and what was revoked to exclude everyone but its holder."""

    token: str
    removed: RevokedCredentials


class Reclaiming:
    """Revokes what grants access besides the mailbox, in the unit of work that verifies the mailbox."""

    def __init__(self, deps: UseCaseContext, links: Links, revocations: Revocations) -> None:
        self._deps, self._links, self.revocations = deps, links, revocations

    async def since_unsure(self, connection: AsyncConnection, user_id: UUID, moment: datetime) -> datetime:
        """Return since when someone else may have had access to an account that its owner reclaims.

        `moment` is the time of the action being undone. An intruder may have started with a sign-in from an
        unknown browser that the user was notified of, and that could still be disavowed at that time.
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
        """Revoke what the policy specifies for `cause`, and audit it if that ends two-step verification.

        Call `Revocations.lock` before the account is locked, and `propagate` after the commit. `since` is as
        for `Revocations.apply`.
        """
        revoked = await self.revocations.apply(connection, account.id, cause, since=since)
        if revoked.second_factor_set_up_at is not None:
            await self._deps.audit_log.record(
                connection, EventType.MFA_DISABLED, context, user_id=account.id, reason=cause
            )
        return revoked

    async def link_for_password(self, connection: AsyncConnection, account: Account, life: int) -> str:
        """Return the token of an account's only valid link for a new password, valid for `life` seconds."""
        return await self._links.issue(
            connection, Purpose.PASSWORD_RESET, account.id, life, account.email, alone=True
        )
