"""Email verification: sends the links; `recovery/first_verification.py` handles their use."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import normalize_email, parse_email
from autograph_web.accounts.errors import LinkUnknown, SessionEnded
from autograph_web.accounts.links import Link, Links, Purpose
from autograph_web.accounts.messages import verification_email
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.flags.flags import Flags
from autograph_web.flags.table import EMAIL_VERIFICATION
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.table import Limit

_LINK = Purpose.EMAIL_VERIFICATION


class Verification:
    """Sends the links that verify addresses, and previews their effect."""

    def __init__(self, deps: UseCaseContext, flags: Flags, links: Links) -> None:
        self._deps, self._flags, self._links = deps, flags, links

    def is_wanted(self, user_id: UUID) -> bool:
        """Return True if email verification applies to an account at all.

        Raises:
            Unavailable: The flags have not been loaded yet.
        """
        return self._flags.of(EMAIL_VERIFICATION, user_id) != "off"

    @property
    def pause(self) -> int:
        """Seconds until another verification email may be sent to the same account."""
        return self._deps.limiter.pause(Limit.VERIFY)

    def is_missing(self, account: Account) -> bool:
        """Return True if an account must verify its address before sign-in and has not done so.

        Raises:
            Unavailable: As for `is_wanted`.
        """
        return not account.email_verified and self._flags.of(EMAIL_VERIFICATION, account.id) == "required"

    async def post(self, connection: AsyncConnection, user_id: UUID | None, email: str) -> None:
        """Send a new link to `email` within the caller's unit of work; earlier ones are revoked.

        Without an account, decoys are written instead.
        """
        # The payload is the address that the link was sent to: it verifies no other.
        key = normalize_email(email)
        token = await self._links.issue(connection, _LINK, user_id, _LINK.life, key, alone=True)
        letter = verification_email(email, self._links.url(_LINK, token))
        await self._deps.outbox.post(connection, letter, decoy=user_id is None)

    async def resend(self, context: RequestContext, user_id: UUID) -> bool:
        """Send a new link to the user of an account; return False if the address is already verified.

        Raises:
            RateLimited: One was sent within the last minute, or too many in an hour.
            SessionEnded: The account no longer exists.
            Unavailable: The database is unavailable; nothing was sent.
        """
        async with self._deps.database.read() as connection:
            found = await store.find_by_id(connection, user_id)
        if found is None:
            raise SessionEnded
        if found.email_verified:
            return False
        await self._deps.limiter.consume(Limit.VERIFY, user_id.hex)
        await self._send(context, found, found.email)
        return True

    async def request(self, context: RequestContext, email: str) -> None:
        """Send a new link to `email` if its account needs one; response and timing are the same if not.

        Raises:
            EmailInvalid: It is not an email address.
            RateLimited: Too many requests from this network address. The limit on emails to one mailbox, in
                contrast, silently prevents further emails.
            Unavailable: The database is unavailable; nothing was sent.
        """
        bucket = address_bucket(context.ip)
        await self._deps.limiter.consume(Limit.VERIFY_FROM, bucket)
        address = parse_email(email, self._deps.reserved_domains)
        # Unknown addresses have a limit as well, so that asking for either is the same work.
        allowed = await self._deps.limiter.try_consume(Limit.VERIFY_TO, address.key)
        async with self._deps.database.read() as connection:
            found = await store.find_by_email(connection, address.key)
        account = found if found and found.active and not found.email_verified and allowed else None
        await self._send(context, account, account.email if account else address.text)

    async def look(self, token: str) -> Account:
        """Return the account whose address the link of `token` would verify, or that is already verified.

        The link is not consumed, so that a program that opens links on the recipient's behalf verifies
        nothing.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: The address is not verified, and the link is not
                usable.
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.read() as connection:
            link = await self._links.trace(connection, _LINK, token)
            account = await self.account_of(connection, link)
        if not account.email_verified:
            await self._links.peek(_LINK, token)
        return account

    @retried
    async def _send(self, context: RequestContext, account: Account | None, email: str) -> None:
        user_id = account.id if account else None
        async with self._deps.database.unit() as connection:
            await self.post(connection, user_id, email)
            await self._deps.audit_log.record(
                connection, EventType.EMAIL_VERIFICATION_REQUESTED, context, user_id=user_id
            )

    async def account_of(self, connection: AsyncConnection, link: Link) -> Account:
        """Return the account of a link, provided it still has the address that the link was sent to.

        Raises:
            LinkUnknown: The account has another address by now, or no longer exists.
        """
        found = await store.find_by_id(connection, link.user_id)
        if found is None or normalize_email(found.email) != link.payload:
            raise LinkUnknown
        return found
