"""Token pairs for REST clients: issued at sign-in, rotated at every refresh, revoked as a family on reuse.

A client that sends the same token twice, from two tabs or because the response was lost, is given the same
successor for a few seconds (docs/decisions/0032-refresh-grace.md).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.event_types import EventType
from autograph_web.audit.log import count_event
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.context import RequestContext
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.mail.message import MailMessage, circumstances
from autograph_web.sessions import store
from autograph_web.sessions.access_tokens import ACCESS, REFRESH, Claims, TokenSigner
from autograph_web.sessions.errors import InvalidToken, TokenReused
from autograph_web.sessions.principal import AuthenticationGrant
from autograph_web.sessions.sessions import Sessions

GRACE = timedelta(seconds=10)
"""How long a used refresh token still returns its successor to the same client, while that is unused."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An access token, the refresh token issued with it, and the access token's lifetime in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class TokenLifetimes:
    """The lifetimes of access and refresh tokens, in seconds."""

    access: int
    refresh: int


class Tokens:
    """Issues and rotates token pairs; a session is the family of its refresh tokens."""

    def __init__(
        self, deps: UseCaseContext, sessions: Sessions, signer: TokenSigner, lifetimes: TokenLifetimes
    ) -> None:
        self._deps, self._sessions, self._signer, self._lifetimes = deps, sessions, signer, lifetimes

    @retried
    async def open_for_client(self, context: RequestContext, grant: AuthenticationGrant) -> TokenPair:
        """Open the session that `grant` entitles to and return its first pair.

        Raises:
            SessionEnded: As for `Sessions.open_for_browser`.
            Unavailable: The database is unavailable; no session was opened.
        """
        refresh, added = self._refresh_token(grant.user_id, grant.session_id)
        account = await self._open_at_once(context, grant, added)
        if account is None:
            async with self._deps.database.unit() as connection:
                account = await self._sessions.open(connection, context, grant)
                await store.add_refresh_token(connection, added)
                replaced = await self._sessions.replace(connection, grant)
            await self._sessions.bury(replaced)
        access = self._access_token(grant.user_id, grant.session_id, account, grant.epoch)
        return TokenPair(access, refresh, self._lifetimes.access)

    async def refresh(self, context: RequestContext, token: str) -> TokenPair:
        """Consume `token` and return the next pair (RFC 6749 section 6, RFC 9700 section 4.14.2).

        If the same client repeats the request within `GRACE`, and the successor has not been used yet, the
        same successor is returned with a new access token.

        Raises:
            InvalidToken: It is not a valid refresh token, or has expired.
            TokenReused: It was used before: the family is revoked, audited and the user notified by email.
            SessionEnded: Its session has ended.
            Unavailable: The database is unavailable; the token remains valid.
        """
        claims, digest = self._signer.verify(REFRESH, token), token_hash(token)
        refresh, added = self._refresh_token(UUID(hex=claims.user_id), UUID(hex=claims.session_id))
        used = {
            "the_id": UUID(hex=claims.token_id),
            "the_hash": digest,
            "moment": added["issued_at"],
            "successor": added["id"],
            "the_client": _client(context),
        }
        row = await self._rotate_at_once(context, used, added)
        if row is not None:
            return self._pair(row, refresh)
        # Either the database cannot rotate in one statement, or the token was rejected: determine which.
        pair = await self._use(context, claims, used, added, refresh)
        if pair is not None:
            return pair
        if await self._is_reused(context, claims, digest):
            await self._sessions.bury([UUID(hex=claims.session_id)])
            raise TokenReused
        raise InvalidToken

    @retried
    async def _use(
        self,
        context: RequestContext,
        claims: Claims,
        used: dict[str, Any],
        added: dict[str, Any],
        refresh: str,
    ) -> TokenPair | None:
        async with self._deps.database.unit() as connection:
            if await store.use_refresh_token(connection, used):
                row = await self._rotate(connection, context, added)
                return self._pair(row, refresh)
            return await self._repeated(connection, context, claims, used)

    async def _open_at_once(
        self, context: RequestContext, grant: AuthenticationGrant, token: dict[str, Any]
    ) -> Any | None:
        database = self._deps.database
        if not database.writes_at_once or grant.replaces is not None:
            return None
        session = self._sessions.row(context, grant)
        return await store.open_at_once(database, grant, session.model_dump(), token)

    async def _rotate_at_once(
        self, context: RequestContext, used: dict[str, Any], added: dict[str, Any]
    ) -> Any | None:
        if not self._deps.database.writes_at_once:
            return None
        now, lifetimes = used["moment"], self._sessions.lifetimes
        until = {
            "idle_until": now + timedelta(seconds=lifetimes.idle_for(remember=False)),
            "remembered": now + timedelta(seconds=lifetimes.idle_for(remember=True)),
        }
        event = self._deps.audit_log.row(EventType.TOKEN_REFRESHED, context)
        row = await store.rotate(self._deps.database, used | until, added, event)
        if row is not None:
            count_event(EventType.TOKEN_REFRESHED)
        return row

    async def _rotate(
        self, connection: AsyncConnection, context: RequestContext, added: dict[str, Any]
    ) -> Row[Any]:
        row = await store.find_alive(connection, added["session_id"], self._deps.clock.now())
        if row is None:
            raise SessionEnded
        await self._sessions.touch(connection, row)
        await self._record(connection, context, row)
        await store.add_refresh_token(connection, added)
        return row

    async def _repeated(
        self, connection: AsyncConnection, context: RequestContext, claims: Claims, used: dict[str, Any]
    ) -> TokenPair | None:
        """Return the pair already issued for a token, if the same client asks again within `GRACE`."""
        use = await store.use_of(connection, used["the_id"], used["the_hash"])
        # A different or late client may hold a copied token; so may one that repeats after the successor was
        # used.
        if use is None or use.used_by != used["the_client"] or used["moment"] - use.used_at > GRACE:
            return None
        successor = await store.find_unused(connection, use.successor_id)
        row = await store.find_alive(connection, UUID(hex=claims.session_id), self._deps.clock.now())
        refresh = self._spelled_again(claims, successor) if successor is not None else None
        if row is None or refresh is None:
            return None
        await self._record(connection, context, row, repeated=True)
        return self._pair(row, refresh)

    def _spelled_again(self, claims: Claims, row: Row[Any]) -> str | None:
        """Rebuild a refresh token from its row, which stores only its hash; None if no key matches."""
        said = replace(claims, token_id=row.id.hex, expires_at=int(row.expires_at.timestamp()))
        found = self._signer.again(REFRESH, said, int(row.issued_at.timestamp()))
        return next((token for token in found if token_hash(token) == row.token_hash), None)

    async def _record(
        self, connection: AsyncConnection, context: RequestContext, row: Row[Any], **details: Any
    ) -> None:
        await self._deps.audit_log.record(
            connection, EventType.TOKEN_REFRESHED, context, user_id=row.user_id, session_id=row.id, **details
        )

    def _pair(self, row: Any, refresh: str) -> TokenPair:
        access = self._access_token(row.user_id, row.id, row, row.epoch)
        return TokenPair(access, refresh, self._lifetimes.access)

    def _access_token(self, user_id: UUID, session_id: UUID, account: Any, epoch: int) -> str:
        claims = {"email": account.email, "role": account.role, "ver": epoch}
        token, _ = self._signer.issue(ACCESS, user_id, session_id, self._lifetimes.access, **claims)
        return token

    def _refresh_token(self, user_id: UUID, session_id: UUID) -> tuple[str, dict[str, Any]]:
        now = self._deps.clock.now()
        # Both timestamps come from one clock reading, so that the token can be rebuilt from its row.
        seconds, life = int(now.timestamp()), self._lifetimes.refresh
        token, token_id = self._signer.issue_at(seconds, REFRESH, user_id, session_id, life, {})
        return token, {
            "id": token_id,
            "session_id": session_id,
            "token_hash": token_hash(token),
            "issued_at": now,
            "expires_at": now + timedelta(seconds=self._lifetimes.refresh),
            "used_at": None,
            "successor_id": None,
            "used_by": None,
        }

    @retried
    async def _is_reused(self, context: RequestContext, claims: Claims, digest: str) -> bool:
        """Return True if a rejected token was used before; its family is then revoked."""
        session_id, user_id = UUID(hex=claims.session_id), UUID(hex=claims.user_id)
        async with self._deps.database.unit() as connection:
            if await store.use_of(connection, UUID(hex=claims.token_id), digest) is None:
                return False
            row = await store.find_alive(connection, session_id, self._deps.clock.now())
            if not await self._sessions.revoke(connection, [session_id], "token_reuse"):
                row = None
            if row is not None:  # only one request reports the reuse, and only while the family is alive
                await self._deps.audit_log.record(
                    connection,
                    EventType.TOKEN_REUSE_DETECTED,
                    context,
                    user_id=user_id,
                    session_id=session_id,
                )
                letter = _reuse_letter(row.email, context, self._deps.clock.now())
                await self._deps.outbox.post(connection, letter)
        return True


def _client(context: RequestContext) -> str:
    """Return an identifier of the client; clients with the same address bucket and user agent share one."""
    return token_hash(f"{address_bucket(context.ip)}\n{context.user_agent}")


def _reuse_letter(email: str, context: RequestContext, now: datetime) -> MailMessage:
    return MailMessage(
        to=email,
        subject="We signed out one of your sessions",
        paragraphs=(
            "A token for your AutoGraph account was used twice, which can mean it was stolen.",
            "We ended that session. Details of the second use:",
        ),
        facts=circumstances(context, now),
        closing=(
            "If you run a script, sign in again and use the newest refresh token each time.",
            "If this wasn't you, sign out everywhere and change your password.",
        ),
    )
