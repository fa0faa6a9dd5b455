"""The first proof of control over an email address, by the link of the verification email."""

from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import normalize_email
from autograph_web.accounts.errors import LinkRefused, WrongPassword
from autograph_web.accounts.links import Links, Purpose
from autograph_web.accounts.verification import Verification
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.methods.password.method import PasswordMethod
from autograph_web.authn.ports import Checked
from autograph_web.authn.revocation import Cause, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.recovery.messages import reclaimed_email
from autograph_web.recovery.reclaiming import Reclaiming
from autograph_web.recovery.revoked_credentials import RevokedCredentials

_LINK = Purpose.EMAIL_VERIFICATION


@dataclass(frozen=True, slots=True)
class Evidence:
    """Proof that the user of the link also registered the account: a session of it, or its password.

    `device` is the value of the browser's device cookie, for the rate limits of passwords.
    """

    user_id: UUID | None = None
    password: str | None = None
    device: str | None = None


NOTHING = Evidence()


@dataclass(frozen=True, slots=True)
class Verified:
    """An account whose address is now verified.

    Without evidence, `removed` lists the revoked credentials and `token` is that of a link for a new
    password.
    """

    account: Account
    removed: RevokedCredentials | None = None
    token: str | None = None


class FirstVerification:
    """Handles verification links; hands accounts that strangers registered to the owner of the address."""

    def __init__(
        self,
        deps: UseCaseContext,
        links: Links,
        verification: Verification,
        passwords: PasswordMethod,
        reclaiming: Reclaiming,
    ) -> None:
        self._deps, self._links, self._verification = deps, links, verification
        self._passwords, self._reclaiming = passwords, reclaiming

    async def confirm(self, context: RequestContext, token: str, evidence: Evidence = NOTHING) -> Verified:
        """Consume the link of `token` and return its account, whose address is now verified.

        With evidence nothing is revoked. Without, every earlier credential is, including the password: anyone
        may have registered the address (docs/decisions/0036-verification-voids.md).

        Raises:
            LinkUnknown, LinkUsed, LinkReplaced, LinkExpired: The link is not usable.
            WrongPassword: A password was given, and it is not the account's; the link remains usable.
            RateLimited: Too many wrong tokens from this address, or too many wrong passwords.
            Unavailable: The database or Redis is unavailable, and the link remains usable; or, as
                `Unfinished`, the change is committed but may not be in force everywhere yet.
        """
        bucket = address_bucket(context.ip)
        async with self._deps.limiter.attempt(Limit.VERIFY_CONFIRM, bucket, LinkRefused):
            account = await self._verification.look(token)
            await self._links.peek(_LINK, token)
            if evidence.user_id == account.id:
                return (await self._confirm(context, token, account))[1]
            if evidence.password is not None:
                return await self._with_password(context, token, account, evidence)
            revoked, verified = await self._without_evidence(context, token, account)
        if revoked is not None:
            await self._reclaiming.revocations.propagate(revoked)
        return verified

    async def _with_password(
        self, context: RequestContext, token: str, account: Account, evidence: Evidence
    ) -> Verified:
        key, password = normalize_email(account.email), evidence.password or ""
        limits = self._passwords.limits(context, key, evidence.device)
        async with self._deps.limiter.attempt(limits, key, WrongPassword):
            checked = await self._passwords.check(context, account.id, password)
            if isinstance(checked, Checked):
                with suppress(WrongPassword):
                    return (await self._confirm(context, token, account, checked))[1]
            await self._deps.audit_log.record_alone(
                EventType.LOGIN_FAILED, context, user_id=account.id, email_verification=True
            )
            raise WrongPassword

    async def _without_evidence(
        self, context: RequestContext, token: str, account: Account
    ) -> tuple[Revoked | None, Verified]:
        await self._reclaiming.revocations.require_reachable()
        return await self._confirm(context, token, account, voids=True)

    @retried
    async def _confirm(
        self,
        context: RequestContext,
        token: str,
        seen: Account,
        checked: Checked | None = None,
        *,
        voids: bool = False,
    ) -> tuple[Revoked | None, Verified]:
        async with self._deps.database.unit() as connection:
            await self._reclaiming.revocations.lock(connection, seen.id)
            link = await self._links.consume(connection, _LINK, token)
            if checked is not None and await self._passwords.confirm(connection, checked) is None:
                raise WrongPassword
            news = await accounts.mark_verified(
                connection, link.user_id, link.payload or "", self._deps.clock.now()
            )
            account = await self._verification.account_of(connection, link)
            if not news:
                return None, Verified(account)
            await self._links.revoke(connection, account.id, _LINK)
            if voids:
                return await self._void(connection, context, account)
            await self._deps.audit_log.record(
                connection, EventType.EMAIL_VERIFIED, context, user_id=account.id
            )
        return None, Verified(account)

    async def _void(
        self, connection: AsyncConnection, context: RequestContext, account: Account
    ) -> tuple[Revoked, Verified]:
        now = self._deps.clock.now()
        await self._passwords.remove(connection, account, now)
        revoked = await self._reclaiming.take_back(connection, context, account, Cause.EMAIL_OWNERSHIP_PROVEN)
        removed = RevokedCredentials.of(revoked, password=True)
        await self._deps.audit_log.record(
            connection, EventType.EMAIL_VERIFIED, context, user_id=account.id, **removed.as_details()
        )
        await self._deps.outbox.post(connection, reclaimed_email(account.email, removed, context, now))
        token = None
        if account.active:
            token = await self._reclaiming.link_for_password(connection, account, Purpose.PASSWORD_RESET.life)
        return revoked, Verified(replace(account, mfa_enabled=False), removed, token)
