"""The password as an authentication method: limits, one timing for every refusal, an atomic confirmation."""

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
    """Checks passwords, as a first factor and for whoever confirms who they are."""

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
        """Return the limits a try counts against: its known device's, or the address's and the account's."""
        nonce = self._devices.recognise(device, email_key)
        if nonce:  # neither strangers nor its neighbours behind one address can lock it out
            return self._limiter.limits(Limit.LOGIN_ACCOUNT, f"{email_key}\n{nonce}")
        return [
            *self._limiter.limits(Limit.LOGIN, address_bucket(context.ip)),
            *self._limiter.limits(Limit.LOGIN_ACCOUNT, email_key),
        ]

    async def check(self, context: RequestContext, whom: str | UUID, answer: str) -> Checked | Wrong:
        """Check a password; an unknown account, and one without a password, takes the same time.

        Raises:
            Unavailable: The database is away, or too many passwords are waiting already.
        """
        account, known = await store.look_up(self._database, whom) or (None, None)
        # Over the cap nothing can match, and the work stays that of any other wrong password.
        too_long = len(answer) > MOST_BYTES or len(answer.encode("utf-8", "replace")) > MOST_BYTES
        asker = checking(context)
        right = await self._hasher.verify("" if too_long else answer, None if too_long else known, asker)
        if not right or account is None or known is None:
            return Wrong(account)
        outdated = self._hasher.outdated(known)
        return Checked(account, await self._hasher.hash(answer, asker) if outdated else None)

    async def confirm(self, connection: AsyncConnection, checked: Checked) -> Account | None:
        """Return the account as it is now, locked, or None if it changed while the password was checked."""
        account = await accounts.lock_unchanged(connection, checked.account)
        if account is not None and checked.renewal is not None:
            await store.renew_hash(connection, account.id, checked.renewal)
        return account

    async def require(self, answer: str, email: str) -> None:
        """Let an acceptable new password of the account of `email` pass.

        Raises:
            PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak: With the reasons.
            Unavailable: Too many are waiting to be judged.
        """
        await self._policy.require(answer, email)

    async def prepare(self, answer: str, context: RequestContext | None = None) -> str:
        """Return the hash of a new password; without a request the operator has chosen it.

        Raises:
            Unavailable: Too many are waiting already.
        """
        return await self._hasher.hash(answer, choosing(context) if context else Asker())

    async def enrol(self, connection: AsyncConnection, user_id: UUID, prepared: str) -> None:
        """Give a new account its password."""
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
        """Give an account that is locked another password, and return it."""
        return await store.change_hash(connection, account, prepared, now, verifies_email=verifies_email)

    async def remove(self, connection: AsyncConnection, account: Account, now: datetime) -> Account:
        """Take the password of an account that is locked away, and return it: nobody knows a right one."""
        return await store.remove(connection, account, now)
