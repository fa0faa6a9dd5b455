"""Creates, lists, authenticates and revokes API keys."""

from contextlib import suppress
from datetime import timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.exporting import picked
from autograph_web.accounts.links import Links
from autograph_web.api_keys import store
from autograph_web.api_keys.errors import (
    ApiKeyExpired,
    ApiKeyInvalid,
    ApiKeyRevoked,
    ScopeNotAllowed,
    TooManyApiKeys,
)
from autograph_web.api_keys.inputs import ApiKeyInput, parse_name
from autograph_web.api_keys.key import (
    ADMIN_ROLE,
    ApiKey,
    ApiKeyPrincipal,
    IssuedKey,
    Scope,
    in_order,
    scopes_of,
)
from autograph_web.api_keys.messages import created_email
from autograph_web.api_keys.models import ApiKeyRow
from autograph_web.api_keys.spelling import id_of, is_id, new_key
from autograph_web.api_keys.throttle import ApiKeyThrottle
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.revocation import Cause, Order, Taken
from autograph_web.infra.context import RequestContext, bind_user
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import DomainError, NotFound, Unavailable
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.sessions import Sessions

MOST_KEYS = 25
_TOUCH_AFTER = timedelta(minutes=5)  # last use has five-minute resolution, so most uses write nothing
_KEPT_AFTER_THE_END = timedelta(days=30)
_EXPORTED = (
    *("id", "name", "scopes", "created_at", "expires_at", "last_used_at", "last_used_ip", "revoked_at"),
)


class ApiKeys:
    """The API keys of all accounts. Every use reads the database, so that a revocation applies at once."""

    kind = "api_keys"

    def __init__(
        self, deps: UseCaseContext, throttle: ApiKeyThrottle, links: Links, sessions: Sessions
    ) -> None:
        self._deps, self._throttle, self._links, self._sessions = deps, throttle, links, sessions

    async def create(
        self, context: RequestContext, principal: SessionPrincipal, data: ApiKeyInput
    ) -> IssuedKey:
        """Create a key for the viewer and notify them by email; its text cannot be recovered afterwards.

        Raises:
            ApiKeyNameInvalid, ApiKeyExpiryInvalid: The name or the expiry is not acceptable.
            ScopeNotAllowed: The scope `admin` is for administrators only.
            ReauthenticationRequired: Password and second factor were not verified within ten minutes.
            TooManyApiKeys: The account has 25 active keys.
            RateLimited: Too many were created in an hour.
            SessionEnded: The session has ended, or the account no longer exists.
            Unavailable: The database is unavailable; no key was created.
        """
        name, now = parse_name(data.name), self._deps.clock.now()
        made = new_key(self._deps.randomness)
        row = ApiKeyRow(
            id=made.id,
            user_id=principal.user_id,
            name=name,
            scopes=" ".join(in_order(data.scopes)),
            key_hash=token_hash(made.text),
            created_at=now,
            expires_at=data.end(now),
        )
        # Each writes an email, and a revoked key makes room for the next.
        await self._deps.limiter.consume(Limit.API_KEY_CREATION, principal.user_id.hex)
        return IssuedKey(made.text, await self._add(context, principal, data, row))

    async def of(self, user_id: UUID) -> list[ApiKey]:
        """Return the keys of an account, newest first; expired ones are listed for thirty days.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.read() as connection:
            return [_key(row) for row in await store.unrevoked_of(connection, user_id)]

    @retried
    async def revoke(self, context: RequestContext, principal: SessionPrincipal, key_id: str) -> None:
        """Revoke a key; it is rejected as soon as this returns.

        Raises:
            NotFound: The account has no such key, or it was already revoked.
            Unavailable: The database is unavailable; the key is unchanged.
        """
        if not is_id(key_id):
            raise NotFound
        async with self._deps.database.unit() as connection:
            if not await store.revoke(connection, principal.user_id, key_id, self._deps.clock.now()):
                raise NotFound
            await self._record(connection, EventType.API_KEY_REVOKED, context, principal, key_id)

    async def authenticate(self, context: RequestContext, text: str) -> ApiKeyPrincipal:
        """Return the principal that a key authenticates.

        Raises:
            ApiKeyInvalid: It is not a valid key, or its account is locked.
            ApiKeyExpired, ApiKeyRevoked: It was valid; disclosed only for the complete key.
            RateLimited: It is used too often, or too many wrong keys came from this address.
            Unavailable: The database is unavailable.
        """
        key_id = id_of(text)
        if key_id is None:
            raise ApiKeyInvalid
        key_hash = token_hash(text)
        known = await self._throttle.admit(key_hash, context.ip)
        async with self._deps.database.read() as connection:
            row = await store.find(connection, key_id)
        if row is None or not compare_digest(row.key_hash, key_hash):
            await self._throttle.note_wrong(context.ip)
            raise ApiKeyInvalid
        await self._require_in_force(context, row)
        if not known:
            await self._throttle.note_good(key_hash)
        await self._touch(context, row)
        bind_user(row.user_id)
        return _holder(row)

    async def revoke_all(self, connection: AsyncConnection, order: Order) -> Taken:
        """Revoke every key of an account, within the caller's unit of work; delete them if it is deleted."""
        if order.cause is Cause.ACCOUNT_DELETED:
            return Taken({"api_keys": await store.remove_all(connection, order.user_id)})
        return Taken({"api_keys": await store.revoke_all(connection, order.user_id, order.now)})

    async def exported(self, connection: AsyncConnection, user_id: UUID) -> dict[str, Any]:
        """Return every stored key of an account, without its hash (see `Exportable`)."""
        return {"api_keys": picked(await store.all_of(connection, user_id), *_EXPORTED)}

    async def purge_expired(self) -> int:
        """Delete keys that were revoked or expired thirty days ago; return how many.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.unit() as connection:
            return await store.forget(connection, self._deps.clock.now() - _KEPT_AFTER_THE_END)

    @retried
    async def _add(
        self, context: RequestContext, principal: SessionPrincipal, data: ApiKeyInput, row: ApiKeyRow
    ) -> ApiKey:
        async with self._deps.database.unit() as connection:
            email = await self._require_leave(connection, principal, data)
            await store.add(connection, row)
            await self._record(
                connection, EventType.API_KEY_CREATED, context, principal, row.id, scopes=row.scopes
            )
            key = _key(row)
            url = self._links.page("/settings/api-keys")
            letter = created_email(email, url, key, context, row.created_at)
            await self._deps.outbox.post(connection, letter)
        return key

    async def _require_leave(
        self, connection: AsyncConnection, principal: SessionPrincipal, data: ApiKeyInput
    ) -> str:
        # Locked, so that concurrent creations cannot exceed the limit. The session is checked under the lock:
        # whatever ends it, such as a new password, must not leave a key created afterwards.
        await accounts.lock(connection, principal.user_id)
        session = await self._sessions.find_alive(connection, principal.session_id)
        if session is None:
            raise SessionEnded
        principal.assurance.require_recent(session.mfa_enabled, self._deps.clock)
        if Scope.ADMIN in data.scopes and session.role != ADMIN_ROLE:
            raise ScopeNotAllowed
        if await store.count_in_force(connection, principal.user_id, self._deps.clock.now()) >= MOST_KEYS:
            raise TooManyApiKeys
        return session.email

    async def _require_in_force(self, context: RequestContext, row: Row[Any]) -> None:
        refusal = self._why_not(row)
        if refusal is None:
            return
        if await self._throttle.is_worth_telling(row.id):
            await self._deps.audit_log.record_alone(
                EventType.API_KEY_REFUSED, context, user_id=row.user_id, key=row.id, reason=refusal.code
            )
        raise refusal

    def _why_not(self, row: Row[Any]) -> DomainError | None:
        if row.revoked_at is not None:
            return ApiKeyRevoked()
        if row.expires_at is not None and row.expires_at <= self._deps.clock.now():
            return ApiKeyExpired()
        return ApiKeyInvalid() if row.status != "active" else None

    async def _touch(self, context: RequestContext, row: Row[Any]) -> None:
        now = self._deps.clock.now()
        if row.last_used_at is not None and now - row.last_used_at < _TOUCH_AFTER:
            return
        with suppress(Unavailable):  # the key is valid regardless
            async with self._deps.database.unit() as connection:
                await store.touch(connection, row.id, now, now - _TOUCH_AFTER, context.ip[:64])

    async def _record(
        self,
        connection: AsyncConnection,
        kind: EventType,
        context: RequestContext,
        principal: SessionPrincipal,
        key_id: str,
        **details: Any,
    ) -> None:
        # Without the name: it is the user's own text, which must not remain after the account is deleted.
        await self._deps.audit_log.record(
            connection,
            kind,
            context,
            principal=principal,
            key=key_id,
            **details,
        )


def _key(row: Row[Any] | ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=in_order(scopes_of(row.scopes)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        last_used_ip=row.last_used_ip,
    )


def _holder(row: Row[Any]) -> ApiKeyPrincipal:
    scopes = scopes_of(row.scopes)
    return ApiKeyPrincipal(
        user_id=row.user_id,
        email=row.email,
        role=row.role,
        mfa_enabled=row.mfa_enabled,
        key_id=row.id,
        name=row.name,
        # The current role counts: the keys of a former administrator lose the scope.
        scopes=scopes if row.role == ADMIN_ROLE else scopes - {Scope.ADMIN},
        expires_at=row.expires_at,
    )
