"""The authenticator app as an authentication method: each code works once, even under concurrency."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.exporting import picked
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.methods.totp import algorithm, codes, store
from autograph_web.authn.methods.totp.errors import CodeOfReplaced
from autograph_web.authn.ports import CodeUse
from autograph_web.authn.revocation import Order, Taken
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.sessions.assurance import MethodId

# How long a code of a replaced authenticator is still recognized as such.
_REPLACED_KEPT = timedelta(days=30)


class TotpMethod:
    """The authenticators of all accounts."""

    id = MethodId("totp")
    amr = ("otp",)
    kind = "second_factors"

    def __init__(self, deps: UseCaseContext, encryptor: Encryptor) -> None:
        self._deps, self._encryptor = deps, encryptor

    def read(self, typed: str) -> str | None:
        """Return the six digits of the input, or None."""
        return codes.read(typed)

    async def use(self, connection: AsyncConnection, user_id: UUID, code: str) -> bool:
        """Consume a code within the caller's unit of work; return True if it was valid."""
        factor = await store.find_factor(connection, user_id, active=True)
        step = self.step_of(factor, code) if factor else None
        if factor is None or step is None:
            return False
        return await store.use_step(connection, factor.id, step, self._deps.clock.now())

    async def refusal_of(self, connection: AsyncConnection, user_id: UUID, code: str) -> InvalidCode | None:
        """Return the error for a code of a replaced authenticator, or None.

        Only for a user whose first factor succeeded. Either way the attempt counts as a wrong code.
        """
        active = await store.find_factor(connection, user_id, active=True)
        if active is None:
            return None
        replaced = await store.find_replaced(connection, user_id, self._deps.clock.now() - _REPLACED_KEPT)
        with suppress(DecryptionError):  # the key is no longer in the keyring: only the hint is lost
            if replaced is not None and self.step_of(replaced, code) is not None:
                return CodeOfReplaced(reasons=(newer_entry(active),))
        return None

    async def record_use(self, connection: AsyncConnection, use: CodeUse) -> None:
        """Do nothing: regular use of an authenticator is neither audited nor notified here."""

    async def remaining(self, connection: AsyncConnection, user_id: UUID) -> int:
        """Return 0: an authenticator does not run out of codes."""
        return 0

    async def lock(self, connection: AsyncConnection, user_id: UUID) -> None:
        """Lock the authenticators of an account against concurrent changes, before the account is locked."""
        await store.lock(connection, user_id)

    async def revoke_all(self, connection: AsyncConnection, order: Order) -> Taken:
        """Delete an account's authenticator, or only one activated since, and any pending setup."""
        activated_at = await store.remove_since(connection, order.user_id, order.since)
        return Taken({"authenticators": int(activated_at is not None)}, activated_at)

    async def exported(self, connection: AsyncConnection, user_id: UUID) -> dict[str, Any]:
        """Return the authenticators of an account (see `Exportable`)."""
        factors = await store.factors_of(connection, user_id)
        return {"authenticators": picked(factors, "created_at", "activated_at")}

    async def purge_expired(self) -> int:
        """Delete the keys of authenticators that were replaced over 30 days ago; return how many.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.unit() as connection:
            return await store.forget_replaced(connection, self._deps.clock.now() - _REPLACED_KEPT)

    def step_of(self, factor: Row[Any], code: str) -> int | None:
        """Return the time step that a code of an authenticator matches, or None if it is wrong."""
        secret = self._encryptor.decrypt(factor.sealed_secret, owner_of(factor.user_id))
        return algorithm.matching_step(secret, code, self._deps.clock.seconds())

    def clock_difference(self, pending: Row[Any], code: str) -> int | None:
        """Return by how many seconds a code of a pending key is early or late, or None."""
        secret = self._encryptor.decrypt(pending.sealed_secret, owner_of(pending.user_id))
        return algorithm.clock_difference(secret, code, self._deps.clock.seconds())


def newer_entry(factor: Row[Any]) -> str:
    """Return a sentence that names the app entry to use: that of `factor`, with its date in the name."""
    return f"Use the newer entry in your app, the one with {factor.created_at:%Y-%m-%d} in its name."


def owner_of(user_id: UUID) -> str:
    """Return the associated data that a sealed secret is bound to."""
    return f"totp\n{user_id.hex}"
