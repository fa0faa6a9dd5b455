"""Disavowal of a sign-in by someone else, by the link in the email about it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import LinkUnknown
from autograph_web.accounts.links import Link, Links, Purpose
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.flow.new_device_alerts import RefusableSignIn
from autograph_web.authn.revocation import Cause, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.recovery.messages import disavowed_email
from autograph_web.recovery.reclaiming import PasswordLink, Reclaiming
from autograph_web.recovery.revoked_credentials import RevokedCredentials

_REFUSAL = Purpose.SIGN_IN_REFUSAL


class SignInDisavowal:
    """Ends every session and returns a link for a new password, as the old password is compromised."""

    def __init__(
        self,
        deps: UseCaseContext,
        links: Links,
        reclaiming: Reclaiming,
        reset_life: int,
    ) -> None:
        self._deps, self._links = deps, links
        self._reclaiming, self._reset_life = reclaiming, reset_life

    async def describe(self, token: str) -> RefusableSignIn:
        """Return the sign-in that the link of `token` is about; the link is not consumed.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: The link is not usable.
            Unavailable: The database is unavailable.
        """
        return RefusableSignIn.decode((await self._links.peek(_REFUSAL, token)).payload)

    @retried
    async def refuse(self, context: RequestContext, token: str) -> PasswordLink:
        """End every session and API key, and return a link for a new password with what was revoked.

        All sessions and sign-ins in progress end, since the password that was used can open more than one. A
        second factor that was set up since that sign-in is removed, as the intruder may have set it up.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: The link is not usable.
            Unfinished: The change is committed, but Redis became unavailable before the revocation was
                complete.
            Unavailable: Redis or the database is unavailable; nothing was changed.
        """
        await self._reclaiming.revocations.require_reachable()
        owner = (await self._links.peek(_REFUSAL, token)).user_id
        async with self._deps.database.unit() as connection:
            await self._reclaiming.revocations.lock(connection, owner)
            link = await self._links.consume(connection, _REFUSAL, token)
            found = await accounts.find_by_id(connection, link.user_id)
            if found is None or not found.active:
                raise LinkUnknown
            revoked, back = await self._take_back(connection, context, found, link)
        await self._reclaiming.revocations.propagate(revoked)
        return back

    async def _take_back(
        self, connection: AsyncConnection, context: RequestContext, account: Account, link: Link
    ) -> tuple[Revoked, PasswordLink]:
        refused = RefusableSignIn.decode(link.payload)
        since = await self._reclaiming.since_unsure(
            connection, account.id, datetime.fromisoformat(refused.at)
        )
        revoked = await self._reclaiming.take_back(
            connection, context, account, Cause.SIGN_IN_DISAVOWED, since
        )
        removed = RevokedCredentials.of(revoked)
        token = await self._reclaiming.link_for_password(connection, account, self._reset_life)
        await self._deps.audit_log.record(
            connection,
            EventType.SIGN_IN_REFUSED,
            context,
            user_id=account.id,
            session_id=UUID(hex=refused.session_id),
            **removed.as_details(),
        )
        letter = disavowed_email(account.email, removed, context, self._deps.clock.now())
        await self._deps.outbox.post(connection, letter)
        return revoked, PasswordLink(token, removed)
