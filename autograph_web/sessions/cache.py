"""Session cache in Redis: a copy that makes the session check fast and may be lost or stale without harm.

Keys: `session:{run}:{session}` holds the record or a tombstone, `user_blacklist:{user}` the account's epoch,
`blacklist:{jti}` one revoked access token. All have a TTL; none is derived from a token's value.

Why a stale copy cannot bring a revoked session back:
- a record lives `COPY_TTL` seconds at most and is then read from the database again;
- a revocation leaves a tombstone, and a record is written only where no value exists (NX), so a reader that
  loaded the session just before it was revoked cannot write it back;
- before a revocation is committed, a doubt marker replaces the copy, which sends every reader to the
  database: if this process dies between the commit and the tombstone, no copy outlives the session;
- a copy names one of this installation's keys, so copies of another installation on the same Redis are
  ignored;
- `run` identifies the Redis process: entries that a restarted or failed-over server restores from an old
  snapshot have another prefix and are never read.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from autograph_web.infra.background import BackgroundTasks
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.sessions.errors import Unfinished
from autograph_web.sessions.record import SessionRecord

COPY_TTL = 300
_TOMBSTONE, _DOUBT = "-", "?"
_AT_ONCE = 500
# Separator between the key id and the record. The previous version splits at "." and treats a copy with an
# unknown key id as missing.
_FORMAT = "/2."


@dataclass(frozen=True, slots=True)
class CachedLookup:
    """The result of a lookup: a record, or None if it must be loaded, and whether the session is revoked."""

    record: SessionRecord | None
    revoked: bool
    run: str | None  # None: Redis is unavailable, so nothing may be written back


class SessionCache:
    """Looks a session up in one round trip, and keeps the tombstones of revoked sessions."""

    def __init__(self, redis: RedisClient, longest_session: int, keyring: Keyring) -> None:
        self._redis, self._longest, self._keyring = redis, longest_session, keyring
        self._trying = BackgroundTasks()

    async def look_up(self, session_id: str, user_id: str, token_id: str | None) -> CachedLookup:
        """Read all cached state that a check of one session needs, in one round trip; never raises."""
        run = self._redis.run
        keys = [f"session:{run}:{session_id}", f"user_blacklist:{user_id}"]
        if token_id:
            keys.append(f"blacklist:{token_id}")
        try:
            values = await self._redis.get_many(keys)
            if run != self._redis.run:  # the reply came from a server that has started since
                return await self.look_up(session_id, user_id, token_id)
        except RedisDown:
            return CachedLookup(None, revoked=False, run=None)
        return self._finding(values, run)

    async def remember(self, record: SessionRecord, run: str, now: float) -> None:
        """Store a copy of `record`, unless a value exists under its key already."""
        ttl = int(min(COPY_TTL, record.expires_at - now))
        copy = f"{self._keyring.current.kid}{_FORMAT}{record.encode()}"
        try:
            await self._redis.put(f"session:{run}:{record.session_id}", copy, ttl, only_new=True)
        except RedisDown:
            return  # checks are only slower without a copy

    async def require_reachable(self) -> None:
        """Require that Redis answers, for operations that should not start without it.

        Raises:
            Unavailable: Redis is unavailable.
        """
        try:
            await self._redis.ping()
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error

    async def bury(self, session_ids: list[UUID], token_id: str | None = None, token_ttl: int = 0) -> None:
        """Write tombstones for revoked sessions, and blacklist one access token for `token_ttl` seconds.

        Raises:
            Unfinished: Redis is unavailable, so another server might still use a copy. The revocation is
                already committed in the database; a retry completes it.
        """
        try:
            await self._bury(session_ids)
            if token_id:
                await self._redis.put(f"blacklist:{token_id}", 1, token_ttl)
        except RedisDown as error:
            self._keep_trying(session_ids)
            raise Unfinished(retry_after=1) from error

    async def doubt(self, session_ids: list[UUID]) -> None:
        """Force reads of these sessions from the database for as long as a copy could live; never raises.

        Call it before the revocation is committed. If the commit fails, reads are only slower for a while.
        """
        with suppress(RedisDown):
            await self._stand(session_ids, _DOUBT, COPY_TTL)

    async def _bury(self, session_ids: list[UUID]) -> None:
        await self._stand(session_ids, _TOMBSTONE, 2 * COPY_TTL)

    async def _stand(self, session_ids: list[UUID], mark: str, ttl: int) -> None:
        for start in range(0, len(session_ids), _AT_ONCE):
            some, run = session_ids[start : start + _AT_ONCE], None
            while run != self._redis.run:  # the write itself may detect that the server has restarted
                run = self._redis.run
                await self._redis.put_all([f"session:{run}:{one.hex}" for one in some], mark, ttl)

    def _keep_trying(self, session_ids: list[UUID]) -> None:
        """Write the tombstones once Redis answers again; after `COPY_TTL` every copy has expired."""

        async def try_on() -> None:
            for _ in range(COPY_TTL):
                await asyncio.sleep(1)
                with suppress(RedisDown):
                    await self._bury(session_ids)
                    return

        self._trying.begin(try_on())

    async def close(self) -> None:
        """Cancel pending retries."""
        await self._trying.close()

    async def forget(self, session_ids: list[UUID]) -> None:
        """Drop the copies of sessions that changed; if Redis is unavailable, they expire by their TTL."""
        keys = [f"session:{self._redis.run}:{session_id.hex}" for session_id in session_ids]
        with suppress(RedisDown):
            await self._redis.drop_unless(keys, _TOMBSTONE.encode())

    async def advance_epoch(self, user_id: UUID, epoch: int) -> None:
        """Reject every session and token of an account from before `epoch`.

        Raises:
            Unfinished: Redis is unavailable.
        """
        try:
            await self._redis.put(f"user_blacklist:{user_id.hex}", epoch, self._longest)
        except RedisDown as error:
            raise Unfinished(retry_after=1) from error

    def _finding(self, values: list[bytes | None], run: str) -> CachedLookup:
        copy, epoch, *blacklisted = values
        if copy == _TOMBSTONE.encode() or any(blacklisted):
            return CachedLookup(None, revoked=True, run=run)
        kid, _, encoded = (copy or b"").partition(_FORMAT.encode())
        if self._keyring.find(kid.decode("ascii", "replace")) is None:
            return CachedLookup(None, revoked=False, run=run)
        record = SessionRecord.decode(encoded)
        return CachedLookup(record, revoked=epoch is not None and record.epoch < int(epoch), run=run)
