"""Undo of an email address change, by the link sent to the old address."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.emails import parse_email
from autograph_web.accounts.errors import EmailTaken, LinkRefused
from autograph_web.accounts.links import Link, Links, Purpose
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.revocation import Cause, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.profile.email_change import account_of_link, move
from autograph_web.recovery.messages import undone_email
from autograph_web.recovery.reclaiming import PasswordLink, Reclaiming
from autograph_web.recovery.revoked_credentials import RevokedCredentials

_UNDO = Purpose.EMAIL_CHANGE_UNDO


class EmailUndo:
    """Restores the old address of an account and returns a link for a new password."""

    def __init__(self, deps: UseCaseContext, links: Links, reclaiming: Reclaiming) -> None:
        self._deps, self._links, self._reclaiming = deps, links, reclaiming

    async def undo(self, context: RequestContext, token: str) -> PasswordLink:
        """Restore the old address of the account and end every session; return a link for a new password.

        Also works while the change is unconfirmed, as the requester had a session of the account. Second
        factors are removed if they were set up since the request, or since an earlier sign-in that may have
        been the intruder's.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: The link is not usable.
            EmailTaken: Another account has the old address.
            RateLimited: Too many wrong tokens from this network address.
            Unavailable: The database is unavailable and nothing changed; or, as `Unfinished`, Redis is.
        """
        bucket = address_bucket(context.ip)
        await self._reclaiming.revocations.require_reachable()
        try:
            async with self._deps.limiter.attempt(Limit.EMAIL_CHANGE_UNDO, bucket, LinkRefused):
                revoked, back = await self._undo(context, token)
        except IntegrityError:
            raise EmailTaken from None
        await self._reclaiming.revocations.propagate(revoked)
        return back

    @retried
    async def _undo(self, context: RequestContext, token: str) -> tuple[Revoked, PasswordLink]:
        owner = (await self._links.peek(_UNDO, token)).user_id
        async with self._deps.database.unit() as connection:
            await self._reclaiming.revocations.lock(connection, owner)
            link = await self._links.consume(connection, _UNDO, token)
            return await self._take_back(connection, context, link)

    async def _take_back(
        self, connection: AsyncConnection, context: RequestContext, link: Link
    ) -> tuple[Revoked, PasswordLink]:
        now = self._deps.clock.now()
        before = await account_of_link(connection, link)
        address = parse_email(link.payload or "", self._deps.reserved_domains)
        since = await self._reclaiming.since_unsure(connection, before.id, link.created_at)
        # Undo links of later changes were sent to mailboxes that may be the intruder's; earlier ones remain
        # valid.
        await self._links.revoke(connection, before.id, _UNDO, since=link.created_at)
        account = await move(connection, before, address, now)
        revoked = await self._reclaiming.take_back(
            connection, context, account, Cause.EMAIL_CHANGE_UNDONE, since
        )
        removed = RevokedCredentials.of(revoked)
        reset = await self._reclaiming.link_for_password(connection, account, Purpose.PASSWORD_RESET.life)
        await self._deps.audit_log.record(
            connection, EventType.EMAIL_CHANGE_UNDONE, context, user_id=account.id, **removed.as_details()
        )
        await self._deps.outbox.post(connection, undone_email(account.email, removed, context, now))
        return revoked, PasswordLink(reset, removed)
