"""Lists the sessions of an account, and ends them remotely."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import NotFound
from autograph_web.sessions import store
from autograph_web.sessions.cache import COPY_TTL
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.sessions import Sessions

MOST_LISTED = 100
"""The most sessions listed: scripts that sign in without signing out leave thousands."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One open session for display: `current` marks the requesting one, `browser` one that has a cookie."""

    id: UUID
    current: bool
    browser: bool
    method: str
    ip: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime


class Devices:
    """The open sessions of each account; a user sees and ends only their own."""

    def __init__(self, deps: UseCaseContext, sessions: Sessions) -> None:
        self._deps, self._sessions = deps, sessions

    async def of(self, principal: SessionPrincipal) -> list[OpenSession]:
        """Return the viewer's open sessions, the current one first, then the most recently used; at most 100.

        Raises:
            Unavailable: The database is unavailable.
        """
        return await self._listed(principal.user_id, principal.session_id)

    async def of_account(self, user_id: UUID) -> list[OpenSession]:
        """Return the open sessions of an account for an operator, as `of` does; none of them is `current`.

        Raises:
            Unavailable: The database is unavailable.
        """
        return await self._listed(user_id, None)

    async def _listed(self, user_id: UUID, current: UUID | None) -> list[OpenSession]:
        now = self._deps.clock.now()
        async with self._deps.database.read() as connection:
            rows = await store.newest_alive(connection, user_id, now, current, MOST_LISTED)
        return [_open_session(row, current) for row in rows]

    async def sign_out(self, context: RequestContext, principal: SessionPrincipal, session_id: UUID) -> None:
        """End one of the viewer's sessions; the viewer's own is signed out as by `Sessions.end`.

        Ending a session that ended minutes ago succeeds: a request may be sent twice, or retried after
        `Unfinished`.

        Raises:
            NotFound: The viewer has no such session.
            SessionEnded: The viewer's own session ended meanwhile, possibly from the session to be ended.
            Unavailable: The database is unavailable and nothing changed; or, as `Unfinished`, Redis is.
        """
        if session_id == principal.session_id:
            await self._sessions.end(context, principal)
            return
        await self._end(context, principal, session_id)
        await self._sessions.bury([session_id])

    @retried
    async def sign_out_others(self, context: RequestContext, principal: SessionPrincipal) -> int:
        """End every session of the viewer except the current one; return how many were open.

        Raises:
            SessionEnded, Unavailable: As for `sign_out`.
        """
        async with self._deps.database.unit() as connection:
            others = await self._locked(connection, principal)
            await self._revoke(connection, context, principal, others)
            # Includes sessions that an earlier attempt revoked without being able to write their tombstones.
            certain = await self._ended_lately(connection, principal)
        await self._sessions.bury(certain)
        return len(others)

    @retried
    async def _end(self, context: RequestContext, principal: SessionPrincipal, session_id: UUID) -> None:
        async with self._deps.database.unit() as connection:
            alive = await self._locked(connection, principal)
            await self._revoke(connection, context, principal, [one for one in alive if one == session_id])
            if session_id not in await self._ended_lately(connection, principal):
                raise NotFound

    async def _locked(self, connection: AsyncConnection, principal: SessionPrincipal) -> list[UUID]:
        """Lock the account until the unit of work ends and return the viewer's other open sessions.

        If two sessions end each other, only the first succeeds: by then the second has been signed out.

        Raises:
            SessionEnded: The viewer's own session is no longer open.
        """
        await accounts.lock(connection, principal.user_id)
        alive = await store.ids_alive(connection, principal.user_id, self._deps.clock.now())
        if principal.session_id not in alive:
            raise SessionEnded
        return [one for one in alive if one != principal.session_id]

    async def _revoke(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        principal: SessionPrincipal,
        session_ids: list[UUID],
    ) -> None:
        # Signing out does not lock the account, so one of these may have been ended concurrently.
        ended = await self._sessions.revoke(connection, session_ids, "revoked") if session_ids else []
        if ended:
            await self._deps.audit_log.record(
                connection,
                EventType.SESSION_REVOKED,
                context,
                principal=principal,
                revoked=len(ended),
                sessions=[str(one) for one in ended[:MOST_LISTED]],
            )

    async def _ended_lately(self, connection: AsyncConnection, principal: SessionPrincipal) -> list[UUID]:
        """Return the sessions that ended so recently that a copy in Redis may have outlived them."""
        since = self._deps.clock.now() - timedelta(seconds=COPY_TTL)
        return await store.ids_revoked_since(connection, principal.user_id, since)


def _open_session(row: Row[Any], current: UUID | None) -> OpenSession:
    return OpenSession(
        id=row.id,
        current=row.id == current,
        browser=bool(row.cookie_hash),
        method=row.method,
        ip=row.ip,
        user_agent=row.user_agent,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )
