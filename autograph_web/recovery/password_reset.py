"""Password reset by a link sent by email, for users who have forgotten their password."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import EmailAddress, normalize_email, parse_email
from autograph_web.accounts.errors import LinkRefused, LinkUnknown
from autograph_web.accounts.links import Link, Links, Purpose
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.methods.password.method import PasswordMethod
from autograph_web.authn.revocation import Cause, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.recovery.errors import PasswordIsSet
from autograph_web.recovery.messages import changed_email, reset_email
from autograph_web.recovery.reclaiming import Reclaiming
from autograph_web.recovery.revoked_credentials import RevokedCredentials

_RESET = Purpose.PASSWORD_RESET


@dataclass(frozen=True, slots=True)
class ResetRules:
    """The lifetime of a link in seconds, and whether email verification applies to an account.

    `is_verification_wanted` returns True if the user of an account is asked to verify its address.
    """

    life: int
    is_verification_wanted: Callable[[UUID], bool]


@dataclass(frozen=True, slots=True)
class Reset:
    """The account that has a new password, and what was revoked with the old one."""

    account: Account
    removed: RevokedCredentials


class PasswordReset:
    """Sends reset links and sets the new password; neither reveals whether an account exists."""

    def __init__(
        self,
        deps: UseCaseContext,
        links: Links,
        passwords: PasswordMethod,
        reclaiming: Reclaiming,
        rules: ResetRules,
    ) -> None:
        self._deps, self._links = deps, links
        self._passwords, self._reclaiming, self._rules = passwords, reclaiming, rules

    async def request(self, context: RequestContext, email: str) -> None:
        """Send a link to `email` if it has an active account; response and timing are the same if not.

        Raises:
            EmailInvalid: It is not an email address.
            RateLimited: Too many requests from this network address. The limit of an account, in contrast,
                silently prevents further emails.
            Unavailable: The database is unavailable; nothing was sent.
        """
        await self._spend(context)
        address = parse_email(email, self._deps.reserved_domains)
        # Unknown addresses have a limit as well, so that asking for either is the same work.
        allowed = await self._deps.limiter.try_consume(Limit.RESET_ACCOUNT, address.key)
        await self._ask(context, address, allowed=allowed)

    async def confirm(
        self, context: RequestContext, token: str, password: str, device: str | None = None
    ) -> Reset:
        """Set `password` by the link of `token`; every session and API key is revoked before this returns.

        The second factor stays, unless this is the first proof of control over the address: then everything
        set up before is revoked as well. `device` is the value of the browser's device cookie.

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: The link is not usable.
            PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak: With the reasons; the link
                remains usable.
            RateLimited: Too many wrong tokens from this address.
            PasswordIsSet: The password is set, but Redis became unavailable before the revocation was
                complete.
            Unavailable: Redis or the database is unavailable; nothing was changed.
        """
        bucket = address_bucket(context.ip)
        try:
            async with self._deps.limiter.attempt(Limit.RESET_CONFIRM, bucket, LinkRefused):
                revoked, reset = await self._confirm(context, token, password)
        except LinkRefused as refusal:
            await self._note_failure(context, reason=refusal.code)
            raise
        except RateLimitExceeded as refusal:
            if refusal.first:
                await self._note_failure(context, reason=refusal.code)
            raise
        await self._forgive(context, reset.account, device)
        await self._propagate(revoked)
        return reset

    async def _spend(self, context: RequestContext) -> None:
        bucket = address_bucket(context.ip)
        try:
            await self._deps.limiter.consume(Limit.RESET, bucket)
        except RateLimitExceeded as refusal:
            if refusal.first:
                await self._note_failure(context, reason=refusal.code)
            raise

    @retried
    async def _ask(self, context: RequestContext, address: EmailAddress, *, allowed: bool) -> None:
        async with self._deps.database.unit() as connection:
            found = await accounts.find_by_email(connection, address.key)
            account = found if found and found.active and allowed else None
            await self._send(connection, context, account, address)

    async def _send(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        account: Account | None,
        address: EmailAddress,
    ) -> None:
        # Without an account, decoys are written instead. The link carries the address it was sent to: if the
        # account's address changes, an email in the old mailbox is of no use.
        user_id, to = (account.id, account.email) if account else (None, address.text)
        token = await self._links.issue(connection, _RESET, user_id, self._rules.life, to, alone=True)
        url = self._links.url(_RESET, token)
        letter = reset_email(to, url, self._rules.life, context, self._deps.clock.now())
        await self._deps.outbox.post(connection, letter, decoy=account is None)
        await self._deps.audit_log.record(
            connection, EventType.PASSWORD_RESET_REQUESTED, context, user_id=user_id, sent=account is not None
        )

    async def _confirm(self, context: RequestContext, token: str, password: str) -> tuple[Revoked, Reset]:
        account = await self._account_of(await self._links.peek(_RESET, token))
        await self._passwords.require(password, account.email)
        await self._reclaiming.revocations.require_reachable()
        # Outside the unit of work, because hashing takes a quarter of a second.
        new_hash = await self._passwords.prepare(password, context)
        return await self._take(context, token, account, new_hash)

    @retried
    async def _take(
        self, context: RequestContext, token: str, account: Account, new_hash: str
    ) -> tuple[Revoked, Reset]:
        async with self._deps.database.unit() as connection:
            await self._reclaiming.revocations.lock(connection, account.id)
            await self._links.consume(connection, _RESET, token)
            held = await accounts.lock_reachable(connection, account.id, account.email)
            if held is None:
                raise LinkUnknown
            return await self._set(connection, context, held, new_hash)

    def _cause(self, account: Account) -> Cause:
        """Return the cause: a reset, or also the first proof of who owns the address.

        Until that proof, anyone may have registered it and set up factors
        (docs/decisions/0035-first-proof.md).
        """
        # Where verification is not requested, an unverified address says nothing about who registered it.
        if account.email_verified or not self._rules.is_verification_wanted(account.id):
            return Cause.PASSWORD_RESET
        return Cause.EMAIL_OWNERSHIP_PROVEN

    async def _account_of(self, link: Link) -> Account:
        async with self._deps.database.read() as connection:
            found = await accounts.find_by_id(connection, link.user_id)
        if found is None or not found.active or found.email != link.payload:
            raise LinkUnknown
        return found

    async def _set(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        account: Account,
        new_hash: str,
    ) -> tuple[Revoked, Reset]:
        now = self._deps.clock.now()
        # Only the recipient of an email sent to that address can get here, so the address counts as verified.
        await self._passwords.change(connection, account, new_hash, now, verifies_email=True)
        revoked = await self._reclaiming.take_back(connection, context, account, self._cause(account))
        removed = RevokedCredentials.of(revoked)
        await self._deps.audit_log.record(
            connection,
            EventType.PASSWORD_RESET_COMPLETED,
            context,
            user_id=account.id,
            **removed.as_details(),
        )
        page = self._links.page("/password-reset")
        letter = changed_email(account.email, page, removed, context, now)
        await self._deps.outbox.post(connection, letter)
        return revoked, Reset(account, removed)

    async def _forgive(self, context: RequestContext, account: Account, device: str | None) -> None:
        # A user who has forgotten the password has often guessed until the rate limit applied.
        key = normalize_email(account.email)
        limits = {limit for known in {device, None} for limit in self._passwords.limits(context, key, known)}
        await self._deps.limiter.reset(list(limits), key)

    async def _propagate(self, revoked: Revoked) -> None:
        try:
            await self._reclaiming.revocations.propagate(revoked)
        except Unavailable as error:
            raise PasswordIsSet(retry_after=1) from error

    async def _note_failure(self, context: RequestContext, reason: str) -> None:
        await self._deps.audit_log.record_alone(EventType.PASSWORD_RESET_FAILED, context, reason=reason)
