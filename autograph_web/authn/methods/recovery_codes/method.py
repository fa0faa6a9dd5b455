"""Recovery codes as an authentication method: each works once, in place of the authenticator."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.event_types import EventType
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
    """The recovery codes of all accounts."""

    id = MethodId("recovery_code")
    amr = ("otp",)
    kind = "second_factors"

    def __init__(self, deps: UseCaseContext) -> None:
        self._deps = deps

    def read(self, typed: str) -> str | None:
        """Return the input as a recovery code in canonical form, or None."""
        return codes.read(typed)

    async def use(self, connection: AsyncConnection, user_id: UUID, code: str) -> bool:
        """Consume a code within the caller's unit of work; return True if it was valid."""
        digest = codes.recovery_hash(user_id, code)
        return await store.use_code(connection, user_id, digest, self._deps.clock.now())

    async def refusal_of(self, connection: AsyncConnection, user_id: UUID, code: str) -> InvalidCode | None:
        """Return None: for a wrong code there is no more specific error."""
        return None

    async def record_use(self, connection: AsyncConnection, use: CodeUse) -> None:
        """Audit the use of a code, and notify the user by email."""
        await self._deps.audit_log.record(
            connection,
            EventType.RECOVERY_CODE_USED,
            use.context,
            user_id=use.user_id,
            session_id=use.session_id,
        )
        letter = mfa_email("code_used", use.email, use.context, self._deps.clock.now())
        await self._deps.outbox.post(connection, letter)

    async def exported(self, connection: AsyncConnection, user_id: UUID) -> dict[str, Any]:
        """Return how many codes an account has left (see `Exportable`)."""
        return {"recovery_codes_left": await store.codes_left(connection, user_id)}

    async def remaining(self, connection: AsyncConnection, user_id: UUID) -> int:
        """Return how many unused codes are left."""
        return await store.codes_left(connection, user_id)

    async def renew(self, connection: AsyncConnection, user_id: UUID) -> list[str]:
        """Replace an account's codes by ten new ones, within the caller's unit of work.

        The caller holds a lock on the account's second factors: otherwise two concurrent sets would both
        work.
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
        """Delete an account's codes, or only those made at `order.since` or later."""
        removed = await store.remove_since(connection, order.user_id, order.since or _EVER)
        return Taken({"recovery_codes": removed})
