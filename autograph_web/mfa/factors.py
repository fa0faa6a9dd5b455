"""Checks second factors: each code works once, whoever races for it and whatever Redis has forgotten."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.revocation import Order, Taken
from autograph_web.infra.context import RequestContext
from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.ratelimit.limiter import RateLimit
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.mfa import store, totp
from autograph_web.mfa.codes import TypedCode, recovery_hash
from autograph_web.mfa.errors import CodeOfReplaced, InvalidCode
from autograph_web.mfa.messages import factor_letter
from autograph_web.sessions.assurance import AuthMethod

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
# For as long as the old entry of a replaced authenticator is told by its codes.
_REPLACED_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class MfaStatus:
    """How an account's two-step verification stands."""

    enabled: bool
    recovery_codes_left: int


class Factors:
    """The second factors of every account."""

    kind = "second_factors"

    def __init__(self, foundation: UseCaseContext, encryptor: Encryptor) -> None:
        self._on, self._encryptor = foundation, encryptor

    async def use(self, connection: AsyncConnection, user_id: UUID, code: TypedCode) -> bool:
        """Use `code` up within the caller's unit of work; tell whether it was good."""
        if code.method is AuthMethod.RECOVERY_CODE:
            digest = recovery_hash(user_id, code.text)
            return await store.use_code(connection, user_id, digest, self._on.clock.now())
        factor = await store.find_factor(connection, user_id, active=True)
        step = self.step_of(factor, code.text) if factor else None
        return factor is not None and step is not None and await store.use_step(connection, factor.id, step)

    def limits(self, user_id: UUID) -> list[RateLimit]:
        """Return the limits of wrong codes of an account; they outlive any one sign-in."""
        return self._on.limiter.limits(Limit.MFA, user_id.hex)

    async def refusal_of(self, connection: AsyncConnection, user_id: UUID, code: TypedCode) -> InvalidCode:
        """Return why `code` was no good: that it is of the authenticator which was replaced, or just wrong.

        Only for who has shown the password already. It counts as a wrong code either way.
        """
        active = await store.find_factor(connection, user_id, active=True)
        if code.method is AuthMethod.TOTP and active is not None:
            since = self._on.clock.now() - _REPLACED_KEPT
            replaced = await store.find_replaced(connection, user_id, since)
            with suppress(
                DecryptionError
            ):  # its key is no longer in the ring, which costs no more than the words
                if replaced is not None and self.step_of(replaced, code.text) is not None:
                    return CodeOfReplaced(reasons=(newer_entry(active),))
        return InvalidCode()

    async def lock(self, connection: AsyncConnection, user_id: UUID) -> None:
        """Have others who change the factors of an account wait; before the account is locked."""
        await store.lock(connection, user_id)

    async def revoke_all(self, connection: AsyncConnection, order: Order) -> Taken:
        """Delete an account's second factors, or those set up since, within the caller's unit of work.

        What goes is an authenticator with its recovery codes, a setup under way, and codes made anew.
        """
        gone = await store.forget_since(connection, order.user_id, order.since or _EVER)
        if gone.set_up_at is not None:
            await accounts.set_mfa(connection, order.user_id, enabled=False)
        elif order.since is None:  # what an authenticator that is gone has left
            await store.forget_factors(connection, order.user_id)
        counts = {"authenticators": int(gone.set_up_at is not None), "recovery_codes": gone.codes}
        return Taken(counts, gone.set_up_at)

    async def forget_replaced(self) -> int:
        """Delete the keys of authenticators that were replaced over a month ago; return how many.

        Raises:
            Unavailable: The database is away.
        """
        async with self._on.database.unit() as connection:
            return await store.forget_replaced(connection, self._on.clock.now() - _REPLACED_KEPT)

    def step_of(self, factor: Row[Any], code: str) -> int | None:
        """Return the time step of a code of an authenticator, or None when it is wrong."""
        secret = self._encryptor.decrypt(factor.sealed_secret, owner_of(factor.user_id))
        return totp.matching_step(secret, code, self._on.clock.seconds())

    def clock_difference(self, pending: Row[Any], code: str) -> int | None:
        """Return by how many seconds a code of a key that is being set up is early or late, or None."""
        secret = self._encryptor.decrypt(pending.sealed_secret, owner_of(pending.user_id))
        return totp.clock_difference(secret, code, self._on.clock.seconds())

    async def tell_of_use(
        self, connection: AsyncConnection, context: RequestContext, email: str, code: TypedCode
    ) -> None:
        """Tell the owner that a recovery code was used; the everyday code is no news."""
        if code.method is AuthMethod.RECOVERY_CODE:
            letter = factor_letter("code_used", email, context, self._on.clock.now())
            await self._on.outbox.post(connection, letter)

    async def status(self, user_id: UUID) -> MfaStatus:
        """Return how two-step verification stands.

        Raises:
            Unavailable: The database is away.
        """
        async with self._on.database.read() as connection:
            enabled = await store.find_factor(connection, user_id, active=True) is not None
            return MfaStatus(enabled, await store.codes_left(connection, user_id))


def newer_entry(factor: Row[Any]) -> str:
    """Return which entry of the app a person is to use: that of `factor`, whose day stands in its name."""
    return f"Use the newer entry in your app, the one with {factor.created_at:%Y-%m-%d} in its name."


def owner_of(user_id: UUID) -> str:
    """Return what a sealed secret is bound to."""
    return f"totp\n{user_id.hex}"
