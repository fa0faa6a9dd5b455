"""The password method: rate limits, one timing for every failure, and an atomic confirmation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.authn.device_cookies import DeviceCookies
from autograph_web.authn.methods.password import store
from autograph_web.authn.methods.password.hash_queue import Asker, checking, choosing
from autograph_web.authn.methods.password.hashing import PasswordHasher
from autograph_web.authn.methods.password.policy import MOST_BYTES, PasswordPolicy
from autograph_web.authn.ports import Checked, Wrong
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.database import Database
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.limiter import Limiter, RateLimit
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.sessions.assurance import MethodId


class PasswordMethod:
    """Checks passwords, as the first factor of a sign-in and for reauthentication."""

    id = MethodId("password")
    amr = ("pwd",)

    def __init__(
        self,
        database: Database,
        hasher: PasswordHasher,
        policy: PasswordPolicy,
        devices: DeviceCookies,
        limiter: Limiter,
    ) -> None:
        self._database, self._hasher, self._policy = database, hasher, policy
        self._devices, self._limiter = devices, limiter

    def limits(self, context: RequestContext, email_key: str, device: str | None) -> list[RateLimit]:
        """Return the limits an attempt counts against: a known device's, or those of address and account."""
        nonce = self._devices.recognise(device, email_key)
        if nonce:  # failures by others, even from the same address, cannot lock out a known device
            return self._limiter.limits(Limit.LOGIN_ACCOUNT, f"{email_key}\n{nonce}")
        return [
            *self._limiter.limits(Limit.LOGIN, address_bucket(context.ip)),
            *self._limiter.limits(Limit.LOGIN_ACCOUNT, email_key),
        ]

    async def check(self, context: RequestContext, whom: str | UUID, answer: str) -> Checked | Wrong:
        """Check a password; an unknown account, or one without a password, takes the same time.

        Raises:
            Unavailable: The database is unavailable, or too many passwords are waiting already.
        """
        account, known = await store.look_up(self._database, whom) or (None, None)
        # A password over the limit cannot match, and costs the same work as any other wrong password.
        too_long = len(answer) > MOST_BYTES or len(answer.encode("utf-8", "replace")) > MOST_BYTES
        asker = checking(context)
        right = await self._hasher.verify("" if too_long else answer, None if too_long else known, asker)
        if not right or account is None or known is None:
            return Wrong(account)
        outdated = self._hasher.outdated(known)
        return Checked(account, await self._hasher.hash(answer, asker) if outdated else None)

    async def confirm(self, connection: AsyncConnection, checked: Checked) -> Account | None:
        """Return the current account, locked, or None if it changed while the password was checked."""
        account = await accounts.lock_unchanged(connection, checked.account)
        if account is not None and checked.renewal is not None:
            await store.renew_hash(connection, account.id, checked.renewal)
        return account

    async def require(self, answer: str, email: str) -> None:
        """Require that a new password is acceptable for the account of `email`.

        Raises:
            PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak: With the reasons.
            Unavailable: Too many requests are waiting for an assessment.
        """
        await self._policy.require(answer, email)

    async def prepare(self, answer: str, context: RequestContext | None = None) -> str:
        """Return the hash of a new password; without a request context, the operator has chosen it.

        Raises:
            Unavailable: Too many requests are waiting already.
        """
        return await self._hasher.hash(answer, choosing(context) if context else Asker())

    async def enrol(self, connection: AsyncConnection, user_id: UUID, prepared: str) -> None:
        """Store the password of a new account."""
        await store.set_hash(connection, user_id, prepared)

    async def change(
        self,
        connection: AsyncConnection,
        account: Account,
        prepared: str,
        now: datetime,
        *,
        verifies_email: bool = False,
    ) -> Account:
        """Change the password of a locked account and return the account."""
        return await store.change_hash(connection, account, prepared, now, verifies_email=verifies_email)

    async def remove(self, connection: AsyncConnection, account: Account, now: datetime) -> Account:
        """Remove the password of a locked account and return the account; no password matches any longer."""
        return await store.remove(connection, account, now)
