"""Token pairs for REST clients: issued at sign-in, rotated at every refresh, dead as a family when reused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.foundation import Foundation
from autograph_web.audit.kinds import Kind
from autograph_web.audit.trail import count_event
from autograph_web.core.context import RequestContext
from autograph_web.core.errors import InvalidToken, SessionEnded, TokenReused
from autograph_web.core.keyring import token_hash
from autograph_web.mail.letter import Letter, circumstances
from autograph_web.sessions import store
from autograph_web.sessions.access_tokens import ACCESS, REFRESH, Claims, TokenSigner
from autograph_web.sessions.sessions import Sessions
from autograph_web.sessions.viewer import SignedIn


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An access token, the refresh token that follows it, and the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class TokenLifetimes:
    """How long an access and a refresh token are good for, in seconds."""

    access: int
    refresh: int


class Tokens:
    """Issues and rotates token pairs; a session is the family its refresh tokens belong to."""

    def __init__(
        self, foundation: Foundation, sessions: Sessions, signer: TokenSigner, lifetimes: TokenLifetimes
    ) -> None:
        self._on, self._sessions, self._signer, self._lifetimes = foundation, sessions, signer, lifetimes

    async def open_for_client(self, context: RequestContext, proof: SignedIn) -> TokenPair:
        """Open the session that `proof` entitles to and return its first pair.

        Raises:
            SessionEnded: The account was locked or signed out everywhere meanwhile.
            Unavailable: The database is away; nothing was opened.
        """
        refresh, added = self._refresh_token(proof.user_id, proof.session_id)
        account = await self._open_at_once(context, proof, added)
        if account is None:
            async with self._on.database.unit() as connection:
                account = await self._sessions.open(connection, context, proof)
                await store.add_refresh_token(connection, added)
                replaced = await self._sessions.replace(connection, proof)
            await self._sessions.bury(replaced)
        access = self._access_token(proof.user_id, proof.session_id, account, proof.epoch)
        return TokenPair(access, refresh, self._lifetimes.access)

    async def refresh(self, context: RequestContext, token: str) -> TokenPair:
        """Use `token` up and return the next pair (RFC 6749 section 6, RFC 9700 section 4.14.2).

        Raises:
            InvalidToken: It is no refresh token of ours, or too old.
            TokenReused: It was used before: the family is revoked, audited and the owner told.
            SessionEnded: Its session is over.
            Unavailable: The database is away; the token is as good as before.
        """
        claims, digest = self._signer.verify(REFRESH, token), token_hash(token)
        token_id, session_id = UUID(hex=claims.token_id), UUID(hex=claims.session_id)
        pair = await self._rotate_at_once(context, claims, digest)
        if pair is not None:
            return pair
        # Either this database cannot do it at once, or something is wrong: find out what.
        async with self._on.database.unit() as connection:
            if await store.use_refresh_token(connection, token_id, digest, self._on.clock.now()):
                return await self._rotate(connection, context, session_id)
        await self._refuse(context, claims, digest)
        raise InvalidToken

    async def _open_at_once(
        self, context: RequestContext, proof: SignedIn, token: dict[str, Any]
    ) -> Any | None:
        database = self._on.database
        if not database.writes_at_once or proof.replaces is not None:
            return None
        session = self._sessions.row(context, proof)
        return await store.open_at_once(database, proof.epoch, session.model_dump(), token)

    async def _rotate_at_once(self, context: RequestContext, claims: Claims, digest: str) -> TokenPair | None:
        if not self._on.database.writes_at_once:
            return None
        now, lifetimes = self._on.clock.now(), self._sessions.lifetimes
        used = {
            "the_id": UUID(hex=claims.token_id),
            "the_hash": digest,
            "moment": now,
            "idle_until": now + timedelta(seconds=lifetimes.idle_for(remember=False)),
            "remembered": now + timedelta(seconds=lifetimes.idle_for(remember=True)),
        }
        refresh, added = self._refresh_token(UUID(hex=claims.user_id), UUID(hex=claims.session_id))
        event = self._on.trail.row(Kind.TOKEN_REFRESHED, context)
        row = await store.rotate(self._on.database, used, added, event)
        if row is None:
            return None
        count_event(Kind.TOKEN_REFRESHED)
        return self._pair(row, refresh)

    async def _rotate(
        self, connection: AsyncConnection, context: RequestContext, session_id: UUID
    ) -> TokenPair:
        row = await store.find_alive(connection, session_id, self._on.clock.now())
        if row is None:
            raise SessionEnded
        await self._sessions.touch(connection, row)
        await self._on.trail.record(
            connection, Kind.TOKEN_REFRESHED, context, user_id=row.user_id, session_id=session_id
        )
        refresh, added = self._refresh_token(row.user_id, row.id)
        await store.add_refresh_token(connection, added)
        return self._pair(row, refresh)

    def _pair(self, row: Any, refresh: str) -> TokenPair:
        access = self._access_token(row.user_id, row.id, row, row.epoch)
        return TokenPair(access, refresh, self._lifetimes.access)

    def _access_token(self, user_id: UUID, session_id: UUID, account: Any, epoch: int) -> str:
        claims = {"email": account.email, "role": account.role, "ver": epoch}
        token, _ = self._signer.issue(ACCESS, user_id, session_id, self._lifetimes.access, **claims)
        return token

    def _refresh_token(self, user_id: UUID, session_id: UUID) -> tuple[str, dict[str, Any]]:
        token, token_id = self._signer.issue(REFRESH, user_id, session_id, self._lifetimes.refresh)
        now = self._on.clock.now()
        return token, {
            "id": token_id,
            "session_id": session_id,
            "token_hash": token_hash(token),
            "issued_at": now,
            "expires_at": now + timedelta(seconds=self._lifetimes.refresh),
            "used_at": None,
        }

    async def _refuse(self, context: RequestContext, claims: Claims, digest: str) -> None:
        session_id, user_id = UUID(hex=claims.session_id), UUID(hex=claims.user_id)
        async with self._on.database.unit() as connection:
            if not await store.was_used(connection, UUID(hex=claims.token_id), digest):
                return
            row = await store.find_alive(connection, session_id, self._on.clock.now())
            if not await self._sessions.revoke(connection, [session_id], "token_reuse"):
                row = None
            if row is not None:  # a family already dead is not news, and of racers one tells
                await self._on.trail.record(
                    connection, Kind.TOKEN_REUSE_DETECTED, context, user_id=user_id, session_id=session_id
                )
                letter = _reuse_letter(row.email, context, self._on.clock.now())
                await self._on.outbox.post(connection, letter)
        await self._sessions.bury([session_id])
        raise TokenReused


def _reuse_letter(email: str, context: RequestContext, now: datetime) -> Letter:
    return Letter(
        to=email,
        subject="We ended one of your sign-ins",
        paragraphs=(
            "A token of your AutoGraph v3 account was used twice, which happens when it was copied.",
            "We ended the sign-in it belongs to. This is what we know of the second use:",
        ),
        facts=circumstances(context, now),
        closing=(
            "If you run a script, sign in again and keep the newest refresh token each time.",
            "If this wasn't you, sign out everywhere and change your password.",
        ),
    )
