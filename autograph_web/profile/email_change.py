"""Changing the email address of an account.

Nothing changes before the link in the email to the new address is used; for three days the link sent to the
old address can undo the change (`recovery/email_change_undo.py`), and until then the old address is reserved.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import EmailAddress, normalize_email, parse_email
from autograph_web.accounts.errors import EmailTaken, LinkRefused, LinkUnknown, SessionEnded
from autograph_web.accounts.links import Link, Links, Purpose
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.revocation import Cause, Revocations
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.profile import messages as letters
from autograph_web.profile.errors import EmailUnchanged
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.sessions import Sessions

_CHANGE, _UNDO = Purpose.EMAIL_CHANGE, Purpose.EMAIL_CHANGE_UNDO


class EmailChange:
    """Changes email addresses."""

    def __init__(
        self, deps: UseCaseContext, links: Links, sessions: Sessions, revocations: Revocations
    ) -> None:
        self._deps, self._links, self._sessions = deps, links, sessions
        self._revocations = revocations

    async def request(self, context: RequestContext, principal: SessionPrincipal, email: str) -> str:
        """Send a link to the new address and an undo link to the old one; return the new address as parsed.

        If the new address already has an account, it gets a notice instead of a link; the response is the
        same.

        Raises:
            EmailInvalid: It is not an email address.
            EmailUnchanged: It is the account's current address.
            ReauthenticationRequired: Password and second factor were not verified within ten minutes.
            RateLimited: Too many changes were requested, or too many emails were sent to that address.
            Unavailable: The database is unavailable; nothing was sent.
        """
        address = parse_email(email, self._deps.reserved_domains)
        principal.assurance.require_recent(principal.mfa_enabled, self._deps.clock)
        await self._spend(principal.user_id, address)
        await self._ask(context, principal, address)
        return address.text

    async def confirm(self, context: RequestContext, token: str) -> Account:
        """Move the account of a link to the address that the link was sent to, and return the account.

        No session ends. Every other link that belongs to the old address is revoked, except undo links.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: The link is not usable.
            EmailTaken: Another account has the address, or had it within the last three days.
            RateLimited: Too many wrong tokens from this network address.
            Unavailable: The database is unavailable; the link remains usable.
        """
        bucket = address_bucket(context.ip)
        try:
            async with self._deps.limiter.attempt(Limit.EMAIL_CHANGE_CONFIRM, bucket, LinkRefused):
                account = await self._confirm(context, token)
        except IntegrityError:
            raise EmailTaken from None
        await self._sessions.reload(account.id)
        return account

    async def purge_expired(self) -> int:
        """Delete expired reservations of addresses; return how many.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.unit() as connection:
            return await accounts.delete_expired_reservations(connection, self._deps.clock.now())

    async def _spend(self, user_id: UUID, address: EmailAddress) -> None:
        limits = [
            *self._deps.limiter.limits(Limit.EMAIL_CHANGE, user_id.hex),
            *self._deps.limiter.limits(Limit.EMAIL_CHANGE_TO, address.key),
        ]
        await self._deps.limiter.consume(limits, user_id.hex)

    async def _check(
        self, connection: AsyncConnection, principal: SessionPrincipal, address: EmailAddress
    ) -> Account:
        account = await accounts.find_by_id(connection, principal.user_id)
        if account is None:
            raise SessionEnded
        principal.assurance.require_recent(account.mfa_enabled, self._deps.clock)
        if normalize_email(account.email) == address.key:
            raise EmailUnchanged
        return account

    @retried
    async def _ask(self, context: RequestContext, principal: SessionPrincipal, address: EmailAddress) -> None:
        async with self._deps.database.unit() as connection:
            account = await self._check(connection, principal, address)
            await self._post_letters(connection, context, account, address)
            await self._deps.audit_log.record(
                connection,
                EventType.EMAIL_CHANGE_REQUESTED,
                context,
                principal=principal,
            )

    async def _post_letters(
        self, connection: AsyncConnection, context: RequestContext, account: Account, address: EmailAddress
    ) -> None:
        now = self._deps.clock.now()
        taken = await accounts.is_taken(connection, address.key, account.id, now)
        # Created even if it is not sent: earlier links are revoked in both cases, and both take the same
        # time.
        token = await self._links.issue(
            connection, _CHANGE, account.id, _CHANGE.life, address.text, alone=True
        )
        url = self._links.url(_CHANGE, token)
        letter = (
            letters.address_taken_email(address.text)
            if taken
            else letters.new_address_email(address.text, url)
        )
        await self._deps.outbox.post(connection, letter)
        undo = await self._issue_undo(connection, account)
        await self._deps.outbox.post(
            connection, letters.change_asked_email(account.email, address.text, undo, context, now)
        )

    async def _issue_undo(self, connection: AsyncConnection, account: Account) -> str:
        token = await self._links.issue(connection, _UNDO, account.id, _UNDO.life, account.email)
        return self._links.url(_UNDO, token)

    @retried
    async def _confirm(self, context: RequestContext, token: str) -> Account:
        now = self._deps.clock.now()
        async with self._deps.database.unit() as connection:
            link = await self._links.consume(connection, _CHANGE, token)
            before = await account_of_link(connection, link)
            address = parse_email(link.payload or "", self._deps.reserved_domains)
            account = await move(connection, before, address, now)
            await self._revocations.apply(connection, before.id, Cause.EMAIL_CHANGED)
            await accounts.reserve_email(
                connection, normalize_email(before.email), before.id, now, now + timedelta(seconds=_UNDO.life)
            )
            undo = await self._issue_undo(connection, before)
            letter = letters.changed_address_email(before.email, address.text, undo, context, now)
            await self._deps.outbox.post(connection, letter)
            await self._deps.audit_log.record(
                connection, EventType.EMAIL_CHANGED, context, user_id=account.id
            )
        return account


async def account_of_link(connection: AsyncConnection, link: Link) -> Account:
    """Return the active account of a link.

    Raises:
        LinkUnknown: There is no such account.
    """
    found = await accounts.find_by_id(connection, link.user_id)
    if found is None or not found.active:
        raise LinkUnknown
    return found


async def move(
    connection: AsyncConnection, account: Account, address: EmailAddress, now: datetime
) -> Account:
    """Assign a newly verified address to an account.

    Raises:
        EmailTaken: Another account had it within the last three days.
        IntegrityError: Another account has it.
    """
    moved = await accounts.change_email(connection, account.id, address, now)
    # After the update, which waits for an account that is giving up the address: its reservation is visible
    # now.
    if await accounts.is_reserved(connection, address.key, account.id, now):
        raise EmailTaken
    await accounts.release_reservation(connection, address.key, account.id)
    return moved
