"""Recovery codes as an authentication method: each works once, in the place of the authenticator."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.kinds import Kind
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.messages import mfa_email
from autograph_web.authn.methods.recovery_codes import codes, store
from autograph_web.authn.methods.recovery_codes.models import RecoveryCode
from autograph_web.authn.ports import CodeUse
from autograph_web.authn.revocation import Order, Taken
from autograph_web.infra.randomness import random_uuid
from autograph_web.sessions.assurance import MethodId

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class RecoveryCodes:
    """The recovery codes of every account."""

    id = MethodId("recovery_code")
    amr = ("otp",)
    kind = "second_factors"

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    def read(self, typed: str) -> str | None:
        """Return the recovery code that was typed, or None."""
        return codes.read(typed)

    async def use(self, connection: AsyncConnection, user_id: UUID, code: str) -> bool:
        """Use a code up within the caller's unit of work; return True if it was good."""
        digest = codes.recovery_hash(user_id, code)
        return await store.use_code(connection, user_id, digest, self._deps.clock.now())

    async def refusal_of(self, connection: AsyncConnection, user_id: UUID, code: str) -> InvalidCode | None:
        """Return None: there is no more to say than that it is wrong."""
        return None

    async def record_use(self, connection: AsyncConnection, use: CodeUse) -> None:
        """Record that a code was used, and tell the owner."""
        await self._deps.audit_log.record(
            connection, Kind.RECOVERY_CODE_USED, use.context, user_id=use.user_id, session_id=use.session_id
        )
        letter = mfa_email("code_used", use.email, use.context, self._deps.clock.now())
        await self._deps.outbox.post(connection, letter)

    async def remaining(self, connection: AsyncConnection, user_id: UUID) -> int:
        """Return how many codes still work."""
        return await store.codes_left(connection, user_id)

    async def renew(self, connection: AsyncConnection, user_id: UUID) -> list[str]:
        """Put ten new codes in the place of an account's old ones, within the caller's unit of work.

        The caller holds a lock of the account's second factors: of two sets made at once both would work.
        """
        fresh = [codes.new_recovery_code(self._deps.randomness) for _ in range(codes.RECOVERY_CODES)]
        now = self._deps.clock.now()
        rows = [
            RecoveryCode(
                id=random_uuid(self._deps.randomness),
                user_id=user_id,
                code_hash=codes.recovery_hash(user_id, code),
                created_at=now,
            )
            for code in fresh
        ]
        await store.replace_codes(connection, user_id, rows)
        return fresh

    async def revoke_all(self, connection: AsyncConnection, order: Order) -> Taken:
        """Delete an account's codes, or those made since."""
        removed = await store.remove_since(connection, order.user_id, order.since or _EVER)
        return Taken({"recovery_codes": removed})
