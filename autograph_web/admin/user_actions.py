"""Operators' actions on accounts: each in one unit of work, audited, and notified to the user by email."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.errors import LastAdmin
from autograph_web.admin import store
from autograph_web.admin.admin_policy import AdminPolicy
from autograph_web.admin.errors import AccountUnknown, OwnAccount
from autograph_web.admin.messages import account_change_email
from autograph_web.admin.user_summary import Actor, Role, Status, UserSummary
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.errors import MfaNotEnabled
from autograph_web.authn.revocation import Cause, Revocations
from autograph_web.infra.db.retry import retried


class UserActions:
    """Locks accounts, assigns roles, ends sessions, removes second factors.

    Every action but an unlock also ends every session and every sign-in in progress. A user whose role
    changed signs in again (ASVS 5.0 V7.2), so that no session, copy or token ever carries an outdated role.

    Each change also raises NotAdmin or ReauthenticationRequired, as `AdminPolicy.require_change` does.
    """

    def __init__(self, deps: UseCaseContext, revocations: Revocations, administrators: AdminPolicy) -> None:
        self._deps, self._revocations, self._administrators = deps, revocations, administrators

    @retried
    async def lock(self, operator: Actor, user_id: UUID) -> bool:
        """Lock an account and sign it out everywhere; return False if it was already locked.

        Raises:
            AccountUnknown: There is no such account.
            OwnAccount: Administrators must not lock themselves out.
            LastAdmin: No active administrator would be left.
            Unavailable: The database is unavailable and nothing changed; or, as `Unfinished`, Redis is: then
                `end_sessions` completes the revocation later, or it takes effect within five minutes.
        """
        async with self._deps.database.unit() as connection:
            person, others = await self._hold(connection, operator, user_id)
            if operator.is_at(user_id):
                raise OwnAccount
            if person.is_active_admin and not others:
                raise LastAdmin
            changed = person.status != Status.LOCKED
            revoked = await self._revocations.apply(connection, user_id, Cause.ACCOUNT_LOCKED)
            if changed:
                await store.set_status(connection, user_id, Status.LOCKED)
                await self._record(
                    connection, EventType.ACCOUNT_LOCKED, operator, person, revoked=revoked.sessions
                )
                await self._tell(connection, "locked", person)
        await self._revocations.propagate(revoked)
        return changed

    @retried
    async def unlock(self, operator: Actor, user_id: UUID) -> bool:
        """Unlock an account; return False if it was not locked.

        Raises:
            AccountUnknown, Unavailable: As for `lock`.
        """
        async with self._deps.database.unit() as connection:
            person, _ = await self._hold(connection, operator, user_id)
            changed = person.status == Status.LOCKED
            if changed:
                await store.set_status(connection, user_id, Status.ACTIVE)
                await self._record(connection, EventType.ACCOUNT_UNLOCKED, operator, person)
                await self._tell(connection, "unlocked", person)
        return changed

    @retried
    async def set_role(self, operator: Actor, user_id: UUID, role: Role) -> bool:
        """Set the role of an account and end all its sessions; return False if it already had that role.

        Raises:
            AccountUnknown, LastAdmin, Unavailable: As for `lock`.
        """
        async with self._deps.database.unit() as connection:
            person, others = await self._hold(connection, operator, user_id)
            if person.is_active_admin and role is not Role.ADMIN and not others:
                raise LastAdmin
            if person.role == role:
                return False
            await store.set_role(connection, user_id, role)
            revoked = await self._revocations.apply(connection, user_id, Cause.ROLE_CHANGED)
            await self._record(
                connection, EventType.ROLE_CHANGED, operator, person, before=person.role, role=role.value
            )
            await self._tell(connection, role.value, person)
        await self._revocations.propagate(revoked)
        return True

    @retried
    async def end_sessions(self, operator: Actor, user_id: UUID) -> int:
        """Sign an account out everywhere; return how many sessions were open.

        Raises:
            AccountUnknown, Unavailable: As for `lock`.
        """
        async with self._deps.database.unit() as connection:
            person = await self._find(connection, operator, user_id)
            revoked = await self._revocations.apply(connection, user_id, Cause.SESSIONS_ENDED_BY_ADMIN)
            await self._record(
                connection, EventType.SESSIONS_ENDED_BY_ADMIN, operator, person, revoked=revoked.sessions
            )
            await self._tell(connection, "signed_out", person)
        await self._revocations.propagate(revoked)
        return revoked.sessions

    @retried
    async def reset_mfa(self, operator: Actor, user_id: UUID) -> None:
        """Remove every second factor, recovery code and trusted device, and end every session.

        Raises:
            OwnAccount: Administrators change their own two-step verification in the settings.
            MfaNotEnabled: Two-step verification is off.
            AccountUnknown, Unavailable: As for `lock`.
        """
        async with self._deps.database.unit() as connection:
            person = await self._find(connection, operator, user_id)
            if operator.is_at(user_id):
                raise OwnAccount
            revoked = await self._revocations.apply(connection, user_id, Cause.MFA_RESET)
            if revoked.second_factor_set_up_at is None:  # only one of two concurrent requests removes it
                raise MfaNotEnabled
            await self._record(
                connection, EventType.MFA_RESET_BY_ADMIN, operator, person, revoked=revoked.sessions
            )
            await self._tell(connection, "mfa_reset", person)
        await self._revocations.propagate(revoked)

    async def _find(self, connection: AsyncConnection, operator: Actor, user_id: UUID) -> UserSummary:
        # First, so that an unauthorized caller cannot learn whether the account exists.
        await self._administrators.require_change(connection, operator)
        row = await store.find(connection, user_id)
        if row is None:
            raise AccountUnknown
        return UserSummary.of(row)

    async def _hold(
        self, connection: AsyncConnection, operator: Actor, user_id: UUID
    ) -> tuple[UserSummary, list[UserSummary]]:
        """Return an account and the other active administrators, all of them locked.

        Only under the lock is the operator's role certain: two administrators may be about to demote each
        other.
        """
        people = [UserSummary.of(row) for row in await accounts.lock_user_and_admins(connection, user_id)]
        await self._administrators.require_change(connection, operator)
        mine = [person for person in people if person.id == user_id]
        if not mine:
            raise AccountUnknown
        return mine[0], [person for person in people if person.id != user_id]

    async def _record(
        self,
        connection: AsyncConnection,
        kind: EventType,
        operator: Actor,
        person: UserSummary,
        **details: Any,
    ) -> None:
        await self._deps.audit_log.record(
            connection, kind, operator.context, user_id=person.id, actor=operator.actor, **details
        )

    async def _tell(self, connection: AsyncConnection, what: str, person: UserSummary) -> None:
        await self._deps.outbox.post(
            connection, account_change_email(what, person.email, self._deps.clock.now())
        )
