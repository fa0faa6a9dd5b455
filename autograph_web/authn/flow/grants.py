"""Creates the grants that open sessions, and records each sign-in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.context import RequestContext
from autograph_web.infra.randomness import random_uuid
from autograph_web.sessions.assurance import Shown, amr_text, method_text
from autograph_web.sessions.principal import AuthenticationGrant


class Grants:
    """The last step of every sign-in method."""

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    def make(
        self,
        *,
        user_id: UUID,
        email: str,
        epoch: int,
        remember: bool,
        shown: Shown,
        password_changed_at: datetime,
        trust_device: bool = False,
    ) -> AuthenticationGrant:
        """Return a grant for a session that does not exist yet."""
        return AuthenticationGrant(
            session_id=random_uuid(self._deps.randomness),
            user_id=user_id,
            email=email,
            epoch=epoch,
            remember=remember,
            method=method_text(shown.methods),
            amr=amr_text(shown.amr),
            authenticated_at=self._deps.clock.now(),
            password_changed_at=password_changed_at,
            trust_device=trust_device,
        )

    def of_account(self, account: Account, *, shown: Shown, remember: bool) -> AuthenticationGrant:
        """Do the same as `make` for an account that was just read."""
        return self.make(
            user_id=account.id,
            email=account.email,
            epoch=account.session_epoch,
            remember=remember,
            shown=shown,
            password_changed_at=account.password_changed_at,
        )

    async def record(
        self, connection: AsyncConnection, context: RequestContext, grant: AuthenticationGrant
    ) -> datetime:
        """Record a sign-in, unless the account was locked, signed out or given another password since.

        Returns the time at which the account was created.

        Raises:
            SessionEnded: The account has changed in one of these ways, or no longer exists.
        """
        now: datetime = grant.authenticated_at
        created_at = await accounts.note_sign_in(
            connection, grant.user_id, grant.epoch, grant.password_changed_at, now
        )
        if created_at is None:
            raise SessionEnded
        await self._deps.audit_log.record(
            connection,
            EventType.LOGIN_SUCCESS,
            context,
            user_id=grant.user_id,
            session_id=grant.session_id,
            method=grant.method,
            remember_me=grant.remember,
        )
        return created_at
