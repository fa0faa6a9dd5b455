"""Taking back a sign-in that was somebody else's, by the link in the letter about it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import LinkUnknown
from autograph_web.accounts.links import Link, Links, Purpose
from autograph_web.audit.kinds import Kind
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.flow.new_device_alerts import RefusableSignIn
from autograph_web.authn.revocation import Cause, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.recovery.messages import disavowed_email
from autograph_web.recovery.reclaiming import Reclaiming, WayBack
from autograph_web.recovery.removed import Removed

_REFUSAL = Purpose.SIGN_IN_REFUSAL


class SignInDisavowal:
    """Ends every session, and hands over to choosing a new password: the old one is known."""

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
        """Return the sign-in that the link of `token` is about; nothing is used up.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: The link opens nothing.
            Unavailable: The database is away.
        """
        return RefusableSignIn.decode((await self._links.peek(_REFUSAL, token)).payload)

    @retried
    async def refuse(self, context: RequestContext, token: str) -> WayBack:
        """End every session and API key, and return a link for a new password with what was removed.

        Every session and sign-in under way, since the password that was used opens more than one. A second
        factor that was set up since that sign-in is taken away: it may be theirs.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: The link opens nothing.
            Unfinished: It is ended, but Redis went away before it could be told.
            Unavailable: Redis or the database is away; nothing was changed.
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
    ) -> tuple[Revoked, WayBack]:
        refused = RefusableSignIn.decode(link.payload)
        since = await self._reclaiming.since_unsure(
            connection, account.id, datetime.fromisoformat(refused.at)
        )
        revoked = await self._reclaiming.take_back(
            connection, context, account, Cause.SIGN_IN_DISAVOWED, since
        )
        removed = Removed.of(revoked)
        token = await self._reclaiming.link_for_password(connection, account, self._reset_life)
        await self._deps.audit_log.record(
            connection,
            Kind.SIGN_IN_REFUSED,
            context,
            user_id=account.id,
            session_id=UUID(hex=refused.session_id),
            **removed.as_details(),
        )
        letter = disavowed_email(account.email, removed, context, self._deps.clock.now())
        await self._deps.outbox.post(connection, letter)
        return revoked, WayBack(token, removed)
