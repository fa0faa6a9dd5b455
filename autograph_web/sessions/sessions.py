"""Opens, checks and ends sessions. The database is authoritative; Redis makes the check fast."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.exporting import picked
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.context import RequestContext, bind_user
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import Unavailable
from autograph_web.sessions import store
from autograph_web.sessions.access_tokens import ACCESS, TokenSigner
from autograph_web.sessions.cache import SessionCache
from autograph_web.sessions.cookies import new_cookie, read_cookie
from autograph_web.sessions.errors import InvalidToken, NotAuthenticated
from autograph_web.sessions.models import SessionRow
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from autograph_web.sessions.record import SessionRecord
from autograph_web.sessions.revocation_bus import RevocationBus

_OVER, _EVERYWHERE = "session_ended", "logout_all"

_KEPT_AFTER_THE_END = timedelta(days=7)
_EXPORTED = (
    *("id", "method", "remember", "ip", "user_agent", "created_at", "last_seen_at", "expires_at"),
    *("revoked_at", "revoked_reason"),
)
_TOUCH_AFTER = timedelta(seconds=60)  # last use has one-minute resolution, so most checks write nothing


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Session lifetimes in seconds: idle timeout, idle timeout with "remember me", and absolute timeout."""

    idle: int
    remembered_idle: int
    absolute: int

    def idle_for(self, remember: bool) -> int:
        """Return the idle timeout in seconds."""
        return self.remembered_idle if remember else self.idle


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A newly opened session for a browser; a `max_age` of None makes a session cookie (RFC 6265)."""

    cookie: str
    max_age: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """Every session of an account, ended once the unit of work commits; `open` counts those still in use."""

    user_id: UUID
    session_ids: list[UUID]
    epoch: int
    open: int


class Sessions:
    """The sessions of all accounts."""

    def __init__(
        self,
        deps: UseCaseContext,
        cache: SessionCache,
        revocation_bus: RevocationBus,
        signer: TokenSigner,
        lifetimes: Lifetimes,
    ) -> None:
        self._deps, self._cache, self._revocation_bus = deps, cache, revocation_bus
        self._signer, self.lifetimes = signer, lifetimes

    @retried
    async def open_for_browser(
        self, context: RequestContext, grant: AuthenticationGrant, previous: str | None = None
    ) -> BrowserSession:
        """Open the session that `grant` entitles to and return its cookie.

        The session of `previous`, the browser's cookie so far, ends: no client could end it any more.

        Raises:
            SessionEnded: The grant was already used; or meanwhile the account was locked, signed out
                everywhere, given another password or a second factor that was not verified.
            Unavailable: The database is unavailable; no session was opened.
        """
        cookie, cookie_hash = new_cookie(grant.user_id, grant.session_id, self._deps.randomness)
        async with self._deps.database.unit() as connection:
            await self.open(connection, context, grant, cookie_hash)
            replaced = await self.replace(connection, grant)
            replaced += await self._replace_previous(connection, context, previous)
        # No page is notified: the browser continues with the new session, and its cookie has not arrived yet.
        await self._cache.bury(replaced)
        return BrowserSession(cookie, self.lifetimes.remembered_idle if grant.remember else None)

    async def open(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        grant: AuthenticationGrant,
        cookie_hash: str = "",
    ) -> Row[Any]:
        """Open the session that `grant` entitles to within the caller's unit of work; return its account.

        Raises:
            SessionEnded: As for `open_for_browser`.
        """
        account = await store.entitled_account(connection, grant)
        if account is None:
            raise SessionEnded
        try:
            await store.add(connection, self.row(context, grant, cookie_hash))
        except IntegrityError:
            raise SessionEnded from None
        bind_user(grant.user_id)
        return account

    async def authenticate_token(self, token: str) -> SessionPrincipal:
        """Return the viewer that a bearer access token authenticates (RFC 6750).

        Raises:
            InvalidToken: It is malformed, expired, forged or not an access token.
            SessionEnded: Its session has ended, or the token itself was revoked.
            Unavailable: Neither Redis nor the database is available.
        """
        claims = self._signer.verify(ACCESS, token)
        record = await self._resolve(claims.session_id, claims.user_id, claims.token_id)
        if not record.belongs_to(claims.user_id, None) or claims.epoch != record.epoch:
            raise InvalidToken
        return _noted(record.principal(claims.token_id, claims.expires_at))

    async def authenticate_cookie(self, value: str) -> SessionPrincipal:
        """Return the viewer that a session cookie authenticates.

        Raises:
            NotAuthenticated: It is not a valid session cookie.
            SessionEnded: Its session has ended.
            Unavailable: Neither Redis nor the database is available.
        """
        parts = read_cookie(value)
        if parts is None:
            raise NotAuthenticated
        record = await self._resolve(parts.session_id, parts.user_id, None)
        if not record.cookie_hash or not record.belongs_to(parts.user_id, parts.hash):
            raise NotAuthenticated
        return _noted(record.principal())

    async def why_ended(self, value: str) -> str:
        """Return why the session of a cookie ended; an empty string if it is open or the state is unknown.

        One of "logout_all", "account_deleted" and, for every reason without its own message, "session_ended".
        """
        try:
            await self.authenticate_cookie(value)
        except SessionEnded:
            with suppress(Unavailable):
                return await self._reason(value)
            return _OVER
        except (NotAuthenticated, Unavailable):
            pass
        return ""

    async def _reason(self, value: str) -> str:
        parts = read_cookie(value)
        if parts is None:
            return ""
        async with self._deps.database.read() as connection:
            row = await store.ending_of(connection, UUID(hex=parts.session_id))
            if row is None:
                # A missing account proves nothing by itself: the cookie may come from another instance.
                gone = await self._deps.audit_log.has(
                    connection, UUID(hex=parts.user_id), EventType.ACCOUNT_DELETED
                )
                return "account_deleted" if gone else _OVER
        everywhere = row.revoked_reason == _EVERYWHERE and row.cookie_hash == parts.hash
        return _EVERYWHERE if everywhere else _OVER

    async def replace(self, connection: AsyncConnection, grant: AuthenticationGrant) -> list[UUID]:
        """Revoke the session that `grant` replaces; call `bury` with the result after the commit."""
        if grant.replaces is None:
            return []
        return await self.revoke(connection, [grant.replaces], "reauthenticated")

    async def _replace_previous(
        self, connection: AsyncConnection, context: RequestContext, cookie: str | None
    ) -> list[UUID]:
        parts = read_cookie(cookie or "")
        if parts is None:
            return []
        session_id = UUID(hex=parts.session_id)
        this = store.of_cookie(session_id, parts.hash)
        ids = await store.revoke(connection, this, self._deps.clock.now(), "replaced")
        if ids:
            await self._cache.doubt(ids)
            await self._deps.audit_log.record(
                connection,
                EventType.LOGOUT,
                context,
                user_id=UUID(hex=parts.user_id),
                session_id=session_id,
                replaced=True,
            )
        return ids

    @retried
    async def end(self, context: RequestContext, principal: SessionPrincipal) -> None:
        """Sign one session out; its cookie, access and refresh tokens are invalid before this returns.

        Raises:
            Unavailable: The revocation cannot be guaranteed at the moment; a retry is safe.
        """
        async with self._deps.database.unit() as connection:
            ended = await self.revoke(connection, [principal.session_id], "logout")
            if ended:
                await self._deps.audit_log.record(connection, EventType.LOGOUT, context, principal=principal)
        token_ttl = int(principal.token_expires_at - self._deps.clock.seconds())
        await self._cache.bury([principal.session_id], principal.token_id, token_ttl)
        await self._revocation_bus.announce([principal.session_id])

    @retried
    async def end_all(self, context: RequestContext, principal: SessionPrincipal) -> int:
        """Sign out every session of the account, including the current one; return how many were open.

        Raises:
            Unavailable: As for `end`.
        """
        async with self._deps.database.unit() as connection:
            ended = await self.end_every(connection, principal.user_id, _EVERYWHERE)
            await self._deps.audit_log.record(
                connection, EventType.LOGOUT_ALL, context, principal=principal, revoked=ended.open
            )
        await self.make_certain(ended)
        return ended.open

    async def end_every(self, connection: AsyncConnection, user_id: UUID, reason: str) -> Ended:
        """End every session and every sign-in in progress of an account within the caller's unit of work.

        Call `make_certain` after the commit.

        Raises:
            SessionEnded: The account no longer exists.
        """
        # Counted first, because advancing the epoch ends them.
        alive = await store.count_alive(connection, user_id, self._deps.clock.now())
        epoch = await accounts.advance_epoch(connection, user_id)
        if epoch is None:
            raise SessionEnded
        mine = store.SESSIONS.c.user_id == user_id
        ids = await store.revoke(connection, mine, self._deps.clock.now(), reason)
        await self._cache.doubt(ids)
        return Ended(user_id, ids, epoch, alive)

    async def require_certainty(self) -> None:
        """Require that `make_certain` can be expected to succeed.

        Raises:
            Unavailable: It cannot; nothing has been changed yet.
        """
        await self._cache.require_reachable()

    async def make_certain(self, ended: Ended, going_on: UUID | None = None) -> None:
        """Put the committed end of every session of an account into effect on every server.

        The pages of `going_on` are not notified: its browser is about to get a new session.

        Raises:
            Unavailable: As for `end`.
        """
        try:
            await self._cache.advance_epoch(ended.user_id, ended.epoch)
        finally:  # retries of the tombstones continue in the background even if the epoch could not be stored
            await self._cache.bury(ended.session_ids)
        await self._revocation_bus.announce(one for one in ended.session_ids if one != going_on)

    async def revoke(self, connection: AsyncConnection, session_ids: list[UUID], reason: str) -> list[UUID]:
        """Revoke sessions within the caller's unit of work; call `bury` with the result after the commit."""
        chosen = store.SESSIONS.c.id.in_(session_ids)
        ids = await store.revoke(connection, chosen, self._deps.clock.now(), reason)
        await self._cache.doubt(ids)
        return ids

    async def end_others(
        self, connection: AsyncConnection, user_id: UUID, but: UUID | None, reason: str
    ) -> list[UUID]:
        """Revoke every session of an account except `but` within the caller's unit of work.

        Call `bury` with the result after the commit.
        """
        others = store.all_but(user_id, but)
        ids = await store.revoke(connection, others, self._deps.clock.now(), reason)
        await self._cache.doubt(ids)
        return ids

    async def close(self) -> None:
        """Cancel retries that are pending in the background."""
        await self._cache.close()

    async def bury(self, session_ids: list[UUID]) -> None:
        """Put committed revocations into effect on every server, and notify the open pages of these sessions.

        Raises:
            Unavailable: As for `end`.
        """
        await self._cache.bury(session_ids)
        await self._revocation_bus.announce(session_ids)

    async def reload(self, user_id: UUID) -> None:
        """Drop the cached copies of all sessions of an account after a change, so that they are loaded again.

        Never raises: if the database or Redis is unavailable, the copies expire within five minutes.
        """
        with suppress(Unavailable):
            async with self._deps.database.read() as connection:
                ids = await store.ids_alive(connection, user_id, self._deps.clock.now())
            await self._cache.forget(ids)

    async def count_active(self, user_id: UUID) -> int:
        """Count the open sessions of an account.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.read() as connection:
            return await store.count_alive(connection, user_id, self._deps.clock.now())

    async def count_all(self, connection: AsyncConnection) -> int:
        """Count the open sessions of all accounts, within the caller's unit of work."""
        return await store.count_all_alive(connection, self._deps.clock.now())

    async def find_alive(self, connection: AsyncConnection, session_id: UUID) -> Row[Any] | None:
        """Return a live session joined with its account, within the caller's unit of work, or None."""
        return await store.find_alive(connection, session_id, self._deps.clock.now())

    async def exported(self, connection: AsyncConnection, user_id: UUID) -> dict[str, Any]:
        """Return every stored session of an account, ended ones included (see `Exportable`)."""
        return {"sessions": picked(await store.all_of(connection, user_id), *_EXPORTED)}

    async def purge_expired(self) -> int:
        """Delete sessions that expired over a week ago, including their tokens; return how many.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.unit() as connection:
            return await store.forget_expired(connection, self._deps.clock.now() - _KEPT_AFTER_THE_END)

    async def _resolve(self, session_id: str, user_id: str, token_id: str | None) -> SessionRecord:
        finding = await self._cache.look_up(session_id, user_id, token_id)
        if finding.revoked:
            raise SessionEnded
        record = finding.record or await self._load(session_id, finding.run)
        if not record.alive(self._deps.clock.seconds()):
            raise SessionEnded
        return record

    async def touch(self, connection: AsyncConnection, row: Row[Any]) -> datetime:
        """Record the use of the session of `row` and return its new idle expiry."""
        now = self._deps.clock.now()
        if not self._worth_noting(row, now):
            return row.idle_expires_at
        idle_until = now + timedelta(seconds=self.lifetimes.idle_for(row.remember))
        await store.touch(connection, row.id, now, idle_until)
        return idle_until

    @retried
    async def _touch_alone(self, row: Row[Any]) -> datetime:
        async with self._deps.database.unit() as connection:
            return await self.touch(connection, row)

    @staticmethod
    def _worth_noting(row: Row[Any], now: datetime) -> bool:
        return now - row.last_seen_at >= _TOUCH_AFTER

    async def _load(self, session_id: str, run: str | None) -> SessionRecord:
        now, key = self._deps.clock.now(), UUID(hex=session_id)
        async with self._deps.database.read() as connection:
            row = await store.find_alive(connection, key, now)
        if row is None:
            raise SessionEnded
        idle_until = row.idle_expires_at
        if self._worth_noting(row, now):
            idle_until = await self._touch_alone(row)
        record = SessionRecord.of(row, idle_until)
        if run is not None:
            await self._cache.remember(record, run, now.timestamp())
        return record

    def row(self, context: RequestContext, grant: AuthenticationGrant, cookie_hash: str = "") -> SessionRow:
        """Return the row to insert for the session that `grant` entitles to."""
        now = self._deps.clock.now()
        return SessionRow(
            id=grant.session_id,
            user_id=grant.user_id,
            cookie_hash=cookie_hash,
            epoch=grant.epoch,
            remember=grant.remember,
            method=grant.method,
            amr=grant.amr,
            ip=context.ip[:64],
            user_agent=context.user_agent[:512],
            created_at=now,
            authenticated_at=grant.authenticated_at,
            last_seen_at=now,
            idle_expires_at=now + timedelta(seconds=self.lifetimes.idle_for(grant.remember)),
            expires_at=now + timedelta(seconds=self.lifetimes.absolute),
        )


def _noted(principal: SessionPrincipal) -> SessionPrincipal:
    bind_user(principal.user_id)
    return principal
