"""Makes the proofs that sessions are opened with, and writes each sign-in down."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.kinds import Kind
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.context import RequestContext
from autograph_web.infra.randomness import random_uuid
from autograph_web.sessions.assurance import Shown, amr_text, method_text
from autograph_web.sessions.viewer import AuthenticationGrant


class Grants:
    """The last step of every way of signing in."""

    def __init__(self, foundation: UseCaseContext) -> None:
        self._on = foundation

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
        """Return a proof for a session that does not exist yet."""
        return AuthenticationGrant(
            session_id=random_uuid(self._on.randomness),
            user_id=user_id,
            email=email,
            epoch=epoch,
            remember=remember,
            method=method_text(shown.methods),
            amr=amr_text(shown.amr),
            authenticated_at=self._on.clock.now(),
            password_changed_at=password_changed_at,
            trust_device=trust_device,
        )

    async def record(
        self, connection: AsyncConnection, context: RequestContext, proof: AuthenticationGrant
    ) -> datetime:
        """Write a sign-in down, unless the account was locked, signed out or got another password since.

        Returns when the account was created.

        Raises:
            SessionEnded: It has.
        """
        now: datetime = proof.authenticated_at
        created_at = await accounts.note_sign_in(
            connection, proof.user_id, proof.epoch, proof.password_changed_at, now
        )
        if created_at is None:
            raise SessionEnded
        await self._on.trail.record(
            connection,
            Kind.LOGIN_SUCCESS,
            context,
            user_id=proof.user_id,
            session_id=proof.session_id,
            method=proof.method,
            remember_me=proof.remember,
        )
        return created_at
