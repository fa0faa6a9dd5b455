"""Deletion of an account at its user's request."""

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.emails import normalize_email
from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.revocation import Cause, Revocations, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.profile.errors import EmailMismatch, OnlyAdmin
from autograph_web.profile.messages import farewell_email
from autograph_web.sessions.principal import SessionPrincipal


class Deletion:
    """Deletes accounts. Their events stay in the audit log, under an id that no longer identifies a user."""

    def __init__(self, deps: UseCaseContext, revocations: Revocations) -> None:
        self._deps, self._revocations = deps, revocations

    @retried
    async def delete(self, context: RequestContext, principal: SessionPrincipal, confirm_email: str) -> None:
        """Delete the viewer's account with all its data, and notify the user by email.

        Raises:
            ReauthenticationRequired: Password and second factor were not verified within ten minutes.
            EmailMismatch: `confirm_email` is not the account's address.
            OnlyAdmin: No active administrator would be left.
            SessionEnded: The account no longer exists.
            Unavailable: The database is unavailable and nothing was deleted; or, as `Unfinished`, Redis is.
        """
        async with self._deps.database.unit() as connection:
            email = await self._check(connection, principal, confirm_email)
            revoked = await self._remove(connection, principal)
            await self._deps.audit_log.record(
                connection,
                EventType.ACCOUNT_DELETED,
                context,
                principal=principal,
            )
            await self._deps.audit_log.forget_origin(connection, principal.user_id)
            await self._deps.outbox.post(connection, farewell_email(email, context, self._deps.clock.now()))
        await self._revocations.propagate(revoked)

    async def _check(
        self, connection: AsyncConnection, principal: SessionPrincipal, confirm_email: str
    ) -> str:
        account = await accounts.find_by_id(connection, principal.user_id)
        if account is None:
            raise SessionEnded
        principal.assurance.require_recent(account.mfa_enabled, self._deps.clock)
        if normalize_email(confirm_email) != normalize_email(account.email):
            raise EmailMismatch
        return account.email

    async def _hold(self, connection: AsyncConnection, principal: SessionPrincipal) -> None:
        """Lock the account, provided that an active administrator remains."""
        held = await accounts.lock_user_and_admins(connection, principal.user_id)
        mine = next((row for row in held if row.id == principal.user_id), None)
        if mine is None:
            raise SessionEnded
        if accounts.is_active_admin(mine) and len(held) == 1:
            raise OnlyAdmin

    async def _remove(self, connection: AsyncConnection, principal: SessionPrincipal) -> Revoked:
        # In the lock order of all use cases: factors, the account, then its other rows. Deleting the account
        # directly would lock its rows in an arbitrary order.
        await self._revocations.lock(connection, principal.user_id)
        await self._hold(connection, principal)
        revoked = await self._revocations.apply(connection, principal.user_id, Cause.ACCOUNT_DELETED)
        await accounts.remove(connection, principal.user_id)
        return revoked
