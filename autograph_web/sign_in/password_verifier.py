"""The password step: limits, one timing for every refusal, and an account that is still what was checked."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.hash_queue import checking
from autograph_web.accounts.hashing import PasswordHasher
from autograph_web.accounts.passwords import MOST_BYTES
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.database import Database
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.limiter import Limiter, RateLimit
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.sign_in.device_cookies import DeviceCookies


@dataclass(frozen=True, slots=True)
class Checked:
    """An account whose password was right, as it was when it was read, and the hashes before and after."""

    account: Account
    seen_hash: str
    new_hash: str


class PasswordVerifier:
    """Checks passwords for whoever signs in or confirms who they are."""

    def __init__(
        self, database: Database, hasher: PasswordHasher, devices: DeviceCookies, limiter: Limiter
    ) -> None:
        self._database, self._hasher, self._devices, self._limiter = database, hasher, devices, limiter

    def limits(self, context: RequestContext, email_key: str, device: str | None) -> list[RateLimit]:
        """Return the limits a try counts against: its known device's, or the address's and the account's."""
        nonce = self._devices.recognise(device, email_key)
        if nonce:  # neither strangers nor its neighbours behind one address can lock it out
            return self._limiter.limits(Limit.LOGIN_ACCOUNT, f"{email_key}\n{nonce}")
        return [
            *self._limiter.limits(Limit.LOGIN, address_bucket(context.ip)),
            *self._limiter.limits(Limit.LOGIN_ACCOUNT, email_key),
        ]

    async def check(
        self, context: RequestContext, found: tuple[Account, str] | None, password: str
    ) -> Checked | None:
        """Return the account if the password is its own; an unknown account takes the same time.

        Raises:
            Unavailable: Too many passwords are waiting already.
        """
        account, known_hash = found or (None, None)
        # Over the cap nothing can match, and the work stays that of any other wrong password.
        too_long = len(password) > MOST_BYTES or len(password.encode("utf-8", "replace")) > MOST_BYTES
        asker = checking(context)
        right = await self._hasher.verify(
            "" if too_long else password, None if too_long else known_hash, asker
        )
        if not right or account is None or known_hash is None:
            return None
        outdated = self._hasher.outdated(known_hash)
        return Checked(
            account, known_hash, await self._hasher.hash(password, asker) if outdated else known_hash
        )

    async def check_again(self, context: RequestContext, checked: Checked, password: str) -> Checked | None:
        """Check the password once more, after `confirm` found another hash than the one it was checked with.

        Another sign-in may have hashed the same password anew, which makes it no other password. None if it
        is not that: nothing else about the account may have changed either.

        Raises:
            Unavailable: As for `check`, or the database is away.
        """
        async with self._database.read() as connection:
            found = await accounts.find_by_id(connection, checked.account.id)
        if found is None or not found[0].active or found[1] == checked.seen_hash:
            return None
        if found[0].session_epoch != checked.account.session_epoch:
            return None
        return await self.check(context, found, password)

    async def confirm(self, connection: AsyncConnection, checked: Checked) -> Account | None:
        """Return the account as it is now, or None if it changed while the password was being checked."""
        return await accounts.confirm_password(
            connection, checked.account, checked.seen_hash, checked.new_hash
        )
