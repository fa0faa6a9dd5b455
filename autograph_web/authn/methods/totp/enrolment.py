"""Enables and disables two-step verification, replaces the authenticator, renews recovery codes."""

import asyncio
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.errors import CodeMalformed, MfaNotEnabled
from autograph_web.authn.messages import mfa_email
from autograph_web.authn.methods.totp import algorithm, codes, store
from autograph_web.authn.methods.totp.errors import (
    AuthenticatorClockWrong,
    NoPendingSetup,
    SetupCodeInvalid,
    SetupCodeOfOther,
)
from autograph_web.authn.methods.totp.method import TotpMethod, newer_entry, owner_of
from autograph_web.authn.methods.totp.models import TotpFactor
from autograph_web.authn.ports import BackupCodes
from autograph_web.authn.revocation import Cause, Revocations, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.randomness import random_uuid
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Setup:
    """A new authenticator key, shown once: as text, as a URI and as a QR code (PNG in base64)."""

    secret: str
    provisioning_uri: str
    qr_code: str


class Enrolment:
    """Changes of an account's second factor; the user is notified of each by email."""

    def __init__(
        self,
        deps: UseCaseContext,
        totp: TotpMethod,
        backup: BackupCodes,
        encryptor: Encryptor,
        sessions: Sessions,
        revocations: Revocations,
        issuer: str,
    ) -> None:
        self._deps, self._totp, self._backup = deps, totp, backup
        self._encryptor, self._sessions = encryptor, sessions
        self._revocations, self._issuer = revocations, issuer

    async def begin(self, context: RequestContext, principal: SessionPrincipal) -> Setup:
        """Create a new key, pending until a code confirms it; an active authenticator remains unchanged.

        Raises:
            ReauthenticationRequired: The authentication is not recent.
            RateLimited: Too many setups in an hour.
            Unavailable: The database is unavailable.
        """
        await self._deps.limiter.consume(Limit.TOTP_SETUP, principal.user_id.hex)
        secret, now = algorithm.new_secret(self._deps.randomness), self._deps.clock.now()
        factor = TotpFactor(
            id=random_uuid(self._deps.randomness),
            user_id=principal.user_id,
            sealed_secret=self._encryptor.encrypt(secret, owner_of(principal.user_id)),
            created_at=now,
        )
        replaces = await self._begin(context, principal, factor)
        # The app lists the existing key under the same name, so the new one carries its date.
        name = f"{principal.email} ({now:%Y-%m-%d})" if replaces else principal.email
        uri = algorithm.provisioning_uri(secret, name, self._issuer)
        # Drawing and compressing take about 20 ms, which would block the event loop.
        picture = await asyncio.to_thread(algorithm.qr_png, uri)
        return Setup(algorithm.as_key(secret), uri, b64encode(picture).decode("ascii"))

    async def enable(
        self, context: RequestContext, principal: SessionPrincipal, typed: str, *, end_others: bool = True
    ) -> list[str]:
        """Confirm the pending key with one of its codes and return ten new recovery codes.

        With `end_others` every other session ends, as none of them has presented a code of this key. If Redis
        is unavailable at that moment, cached copies may be accepted for five minutes; the codes are returned
        anyway.

        Raises:
            CodeMalformed: Neither six digits nor a recovery code.
            SetupCodeInvalid: A wrong code; the setup stays pending. `AuthenticatorClockWrong` if it is a code
                of up to ten minutes ago or ahead, `SetupCodeOfOther` if of the active authenticator.
            NoPendingSetup: No setup is pending.
            ReauthenticationRequired: The authentication is not recent and an active factor would be replaced.
            RateLimited: Too many wrong codes.
            Unavailable: The database is unavailable; nothing changed.
        """
        digits = codes.read(typed)
        if digits is None and self._backup.read(typed) is None:
            raise CodeMalformed
        try:
            async with self._deps.limiter.attempt(Limit.MFA, principal.user_id.hex, SetupCodeInvalid):
                fresh, revoked = await self._enable(context, principal, digits or "", end_others=end_others)
        except SetupCodeInvalid:
            await self._deps.audit_log.record_alone(EventType.MFA_ENABLE_FAILED, context, principal=principal)
            raise
        with suppress(Unavailable):
            await self._revocations.propagate(revoked)
        await self._sessions.reload(principal.user_id)
        return fresh

    @retried
    async def disable(self, context: RequestContext, principal: SessionPrincipal) -> None:
        """Turn two-step verification off.

        Raises:
            ReauthenticationRequired: Password and second factor were not verified within ten minutes.
            MfaNotEnabled: It is already off.
            Unavailable: The database is unavailable; nothing changed.
        """
        async with self._deps.database.unit() as connection:
            await self._require_fresh(connection, principal)
            revoked = await self._revocations.apply(connection, principal.user_id, Cause.MFA_DISABLED)
            if revoked.second_factor_set_up_at is None:  # only one of two concurrent requests removes it
                raise MfaNotEnabled
            await self._deps.audit_log.record(
                connection, EventType.MFA_DISABLED, context, principal=principal
            )
            await self._tell(connection, context, principal, "disabled")
        await self._sessions.reload(principal.user_id)

    @retried
    async def regenerate_codes(self, context: RequestContext, principal: SessionPrincipal) -> list[str]:
        """Create ten new recovery codes; the old ones stop working.

        Raises:
            ReauthenticationRequired, MfaNotEnabled, Unavailable: As for `disable`.
        """
        async with self._deps.database.unit() as connection:
            await self._require_fresh(connection, principal)
            # Locked, so that of two sets made concurrently only the later one works.
            if await store.find_factor(connection, principal.user_id, active=True, lock=True) is None:
                raise MfaNotEnabled
            fresh = await self._backup.renew(connection, principal.user_id)
            await self._deps.audit_log.record(
                connection, EventType.RECOVERY_CODES_REGENERATED, context, principal=principal
            )
            await self._tell(connection, context, principal, "codes")
        return fresh

    @retried
    async def _begin(self, context: RequestContext, principal: SessionPrincipal, factor: TotpFactor) -> bool:
        """Store a pending factor; return True if it is to replace an active one."""
        async with self._deps.database.unit() as connection:
            replaces = await self._require_fresh(connection, principal)
            # Without the lock, concurrent setups would not see each other's key, and both keys would remain.
            await accounts.lock(connection, principal.user_id)
            await store.replace_pending(connection, factor)
            await self._deps.audit_log.record(
                connection, EventType.MFA_SETUP_INITIATED, context, principal=principal
            )
        return replaces

    @retried
    async def _enable(
        self, context: RequestContext, principal: SessionPrincipal, code: str, *, end_others: bool
    ) -> tuple[list[str], Revoked]:
        async with self._deps.database.unit() as connection:
            replaced = await self._require_fresh_if_enabled(connection, principal)
            pending = await store.find_factor(connection, principal.user_id, active=False)
            if pending is None:
                raise NoPendingSetup
            await self._activate(connection, pending, code)
            fresh = await self._backup.renew(connection, principal.user_id)
            await accounts.mirror_mfa(connection, principal.user_id)
            revoked = await self._revocations.apply(
                connection,
                principal.user_id,
                Cause.MFA_ENABLED,
                keep_sessions=not end_others,
                but=principal.session_id,
            )
            await self._deps.audit_log.record(
                connection, EventType.MFA_ENABLED, context, principal=principal, replaced=replaced
            )
            await self._tell(connection, context, principal, "replaced" if replaced else "enabled")
            if revoked.sessions:
                await self._deps.audit_log.record(
                    connection,
                    EventType.SESSION_REVOKED,
                    context,
                    principal=principal,
                    revoked=revoked.sessions,
                )
            return fresh, revoked

    async def _activate(self, connection: AsyncConnection, pending: Row[Any], code: str) -> None:
        step = self._totp.step_of(pending, code)
        if step is None:
            active = await store.find_factor(connection, pending.user_id, active=True)
            if active is not None and self._totp.step_of(active, code) is not None:
                raise SetupCodeOfOther(reasons=(newer_entry(pending),))
            apart = self._totp.clock_difference(pending, code) if code else None
            raise SetupCodeInvalid if apart is None else AuthenticatorClockWrong.by(apart)
        if not await store.activate(connection, pending, step, self._deps.clock.now()):
            raise NoPendingSetup

    async def _require_fresh(self, connection: AsyncConnection, principal: SessionPrincipal) -> bool:
        enabled = await store.find_factor(connection, principal.user_id, active=True) is not None
        principal.assurance.require_recent(enabled, self._deps.clock)
        return enabled

    async def _require_fresh_if_enabled(
        self, connection: AsyncConnection, principal: SessionPrincipal
    ) -> bool:
        # A setup starts with a recent authentication; only a replacement requires one again on completion.
        enabled = await store.find_factor(connection, principal.user_id, active=True) is not None
        if enabled:
            principal.assurance.require_recent(enabled, self._deps.clock)
        return enabled

    async def _tell(
        self, connection: AsyncConnection, context: RequestContext, principal: SessionPrincipal, what: str
    ) -> None:
        letter = mfa_email(what, principal.email, context, self._deps.clock.now())
        await self._deps.outbox.post(connection, letter)
