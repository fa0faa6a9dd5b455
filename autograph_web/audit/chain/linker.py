"""Links audit rows to the chain shortly after they are written, and removes expired days."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.chain import store
from autograph_web.audit.chain.anchor import Anchor, AnchorFile
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.links import (
    START,
    Position,
    checkpoint_seal,
    content_of,
    digest_of,
    is_sealed,
    origin_of,
    place_of,
    same,
)
from autograph_web.infra.background import end
from autograph_web.infra.clock import Clock
from autograph_web.infra.db.database import Database
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.randomness import Randomness

_log = structlog.get_logger(__name__)

_PAUSE_S = 3.0
_LOOK_EVERY_S = 30.0  # for rows of commands, and of processes that died before linking their own
_CLOSING_S = 3.0
_BATCH = 100  # rows linked, or removed, in one transaction: few enough not to delay requests
_BREATH = 10  # links computed before the event loop gets control
_REST = 49  # seconds of rest per second of work: under load the chain may lag, but requests must not
_SALT_BYTES = 16
_MOST_COUNTED = 10_000
# Longer than the time from drawing an id to writing its row, which is one statement.
_DRAWN_BUT_NOT_WRITTEN = timedelta(seconds=2)
# A link with an unknown key that is not older than this: another instance runs with a newer configuration.
_SOMEBODY_NEWER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Watch:
    """A row, and since when, or up to which transaction, other rows may still appear below its id."""

    audit_id: int
    since: datetime
    until_transaction: int | None = None


class ChainLinker:
    """Maintains the chain: of any number of keepers, in any number of processes, one works at a time."""

    def __init__(
        self, database: Database, keys: ChainKeys, head: AnchorFile, clock: Clock, randomness: Randomness
    ) -> None:
        """Do not link anything yet."""
        self._database, self._keys, self._head = database, keys, head
        self._clock, self._randomness = clock, randomness
        self._written = asyncio.Event()
        self._quiet_at: int | None = None
        self._watch: _Watch | None = None
        self._settled = 0
        self._kept_keys = self._complained = self._away = False
        self._closing = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def start(self, written: asyncio.Event) -> None:
        """Start linking in the background; `written` is set whenever this process writes an event."""
        self._written = written
        self._work = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Finish the current batch if that is quick; any remaining rows are linked by the next keeper."""
        self._closing.set()
        self._written.set()
        if self._work is None:
            return
        await asyncio.wait([self._work], timeout=_CLOSING_S)
        await end([self._work])

    async def _run(self) -> None:
        while not self._closing.is_set():
            await _rest(self._closing, _PAUSE_S)
            if not self._closing.is_set():
                # Cleared before the look, so that a later event is not missed.
                self._written.clear()
                await self._link_and_survive()
            if self._quiet_at is not None and not self._closing.is_set():
                await _rest(self._written, _LOOK_EVERY_S)

    async def _link_and_survive(self) -> None:
        try:
            if not await self._is_quiet():
                await self.link_all(self._closing)
            self._away = False
        except Unavailable:
            if not self._away:
                _log.warning("audit_chain_unreachable")
            self._away = True
        except Exception:  # noqa: BLE001  (an unexpected error must not end the loop)
            _log.exception("audit_chain_stumbled")

    async def _is_quiet(self) -> bool:
        """Return True if nothing was written since every row was linked and settled; needs one statement."""
        if self._quiet_at is None:
            return False
        known, self._quiet_at = self._quiet_at, None
        async with self._database.read() as connection:
            if await store.newest_event(connection) == known:
                self._quiet_at = known
        return self._quiet_at is not None

    async def link_all(self, stop: asyncio.Event | None = None) -> int:
        """Link every pending row; return how many were linked here.

        With `stop`, runs throttled, until it is set.

        Raises:
            Unavailable: The database is unavailable; committed links remain.
        """
        total, start, loop = 0, 0, asyncio.get_running_loop()
        while stop is None or not stop.is_set():
            began = loop.time()
            linked, start = await self._link_some(start)
            total += linked
            if linked < _BATCH:
                break
            if stop is not None:
                await _rest(stop, _REST * (loop.time() - began))
        return total

    async def lag(self) -> tuple[int, float]:
        """Return the number of unlinked rows, at most 10,000, and the age of the oldest in seconds.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._database.read() as connection:
            last = await store.last_link(connection)
            found = await store.backlog(connection, last.settled_id if last else 0, _MOST_COUNTED)
        waited = (self._clock.now() - found.oldest).total_seconds() if found.oldest else 0.0
        return found.rows, max(0.0, waited)

    async def _link_some(self, start: int) -> tuple[int, int]:
        async with self._database.read() as connection:
            last = await store.last_link(connection)
            settled = await self._settle(connection, last.settled_id if last else 0)
            start = max(start, settled)
            if self._kept_keys and not await store.any_unlinked(connection, start):
                # No row can appear below the settled id any more. Above it, one may.
                self._quiet_at = settled if settled >= await store.greatest_linked(connection) else None
                return 0, start
        async with self._database.unit() as connection:
            if not await store.try_lock(connection):
                return 0, start
            if not self._kept_keys:
                await self._keys.keep(connection)
            links = await self._add_links(connection, start)
            head = await self._head_of(connection, links)
        self._kept_keys = True
        if head is not None:
            await self._note(head)
        return len(links), links[-1]["audit_id"] if links else start

    async def _add_links(self, connection: AsyncConnection, start: int) -> list[dict[str, Any]]:
        last = await store.last_link(connection)
        if last is not None and await self._is_outdated(connection, last):
            return []
        settled = await self._settle(connection, last.settled_id if last else 0)
        rows = await store.unlinked(connection, max(start, settled), _BATCH)
        links: list[dict[str, Any]] = []
        before = await self._before_first(connection, last)
        for number, row in enumerate(rows, 1):
            before = self._link(row, before, settled)
            links.append(before)
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        if links:
            await store.add_links(connection, links)
        return links

    async def _is_outdated(self, connection: AsyncConnection, last: Row[Any]) -> bool:
        """Return True if an instance with newer secrets has taken over; old and new must not alternate."""
        known = last.kid in await self._keys.every(connection)
        return not known and self._clock.now() - last.sealed_at < _SOMEBODY_NEWER

    async def _before_first(self, connection: AsyncConnection, last: Row[Any] | None) -> dict[str, Any]:
        if last is not None:
            return {"position": last.position, "digest": last.digest, "day": last.day}
        left = await store.checkpoint(connection)
        if left is not None:
            return {"position": left.position, "digest": left.digest, "day": left.day}
        return {"position": 0, "digest": START, "day": date.min}

    def _link(self, row: Row[Any], previous: dict[str, Any], settled: int) -> dict[str, Any]:
        key, now, salt = self._keys.current, self._clock.now(), self._randomness.bytes(_SALT_BYTES)
        # Days never decrease, and a row cannot claim a day in the future.
        day = max(previous["day"], min(row.at.date(), now.date()))
        place = Position(previous["position"] + 1, row.id, day, now, settled)
        origin = origin_of(key, row, salt)
        content = content_of(key, row, origin)
        return {
            "position": place.position,
            "audit_id": place.audit_id,
            "day": place.day,
            "sealed_at": place.sealed_at,
            "settled_id": place.settled_id,
            "kid": key.kid,
            "salt": salt,
            "origin": origin,
            "content": content,
            "digest": digest_of(key, previous["digest"], place, content),
        }

    async def _settle(self, connection: AsyncConnection, settled_before: int) -> int:
        """Return the greatest row id below which no other can appear any more, as far as is known now."""
        greatest, now = await store.greatest_linked(connection), self._clock.now()
        if not self._database.writes_at_once:  # SQLite: writes are serialized
            return max(settled_before, greatest)
        oldest, following = await store.horizon(connection)
        watch = self._watch
        if watch is None:
            self._watch = _Watch(greatest, now)
        elif watch.until_transaction is None:
            if now - watch.since >= _DRAWN_BUT_NOT_WRITTEN:
                self._watch = _Watch(watch.audit_id, now, following)
        elif oldest >= watch.until_transaction:
            self._settled = max(self._settled, watch.audit_id)
            self._watch = _Watch(greatest, now)
        return max(settled_before, self._settled)

    async def _head_of(self, connection: AsyncConnection, links: list[dict[str, Any]]) -> Anchor | None:
        """Return the head to store, provided the stored one is still in the chain."""
        if not links:
            return None
        try:
            noted = await asyncio.to_thread(self._head.read)
        except (OSError, ValueError):
            self._complain("audit_head_unreadable")
            return None
        if noted is not None and not await is_in_chain(connection, noted):
            # Overwriting it would destroy the evidence of the truncation.
            self._complain("audit_chain_was_cut")
            return None
        return Anchor(links[-1]["position"], links[-1]["digest"])

    async def _note(self, head: Anchor) -> None:
        try:
            await asyncio.to_thread(self._head.write, head)
        except OSError:
            self._complain("audit_head_unwritable")

    def _complain(self, event: str) -> None:
        if not self._complained:
            self._complained = True
            _log.error(event, path=str(self._head.path))

    async def keep_keys(self) -> None:
        """Store the keys of every link in the database, encrypted with the newest secret.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._database.unit() as connection:
            await store.lock(connection)
            await self._keys.keep(connection)

    async def forget_before(self, day: date) -> int:
        """Remove whole chained days before `day` with their audit rows; return the number of rows.

        The last existing day is kept, so that the chain has an end and no row id is assigned again.

        Raises:
            Unavailable: The database is unavailable; committed removals remain, and the rest is still
                consistent.
        """
        total = 0
        while taken := await self._forget_some(day):
            total += taken
        return total

    async def _forget_some(self, day: date) -> int:
        async with self._database.unit() as connection:
            last = await store.last_link(connection) if await store.try_lock(connection) else None
            if last is None:
                return 0
            old = await store.expired_links(connection, min(day, last.day), _BATCH)
            if old and not await self._is_sound(connection, old):
                # Backdated or tampered days must not be covered by a valid checkpoint.
                _log.error("audit_chain_is_broken", position=old[0].position)
                return 0
            if old:
                await self._cut(connection, old)
        return len(old)

    async def _is_sound(self, connection: AsyncConnection, old: list[Row[Any]]) -> bool:
        """Return True if these links follow each other from the beginning of the chain."""
        keys, left = await self._keys.every(connection), await store.checkpoint(connection)
        if left is not None and (left.kid not in keys or not is_sealed(keys[left.kid], left)):
            return False
        position, digest = (left.position, left.digest) if left is not None else (0, START)
        for link in old:
            follows = link.position == position + 1 and link.kid in keys
            if not follows or not same(
                digest_of(keys[link.kid], digest, place_of(link), link.content), link.digest
            ):
                return False
            position, digest = link.position, link.digest
        return True

    async def _cut(self, connection: AsyncConnection, old: list[Row[Any]]) -> None:
        end, now, key = old[-1], self._clock.now(), self._keys.current
        seal = checkpoint_seal(key, end.position, end.day, now, end.digest)
        await store.cut(
            connection,
            [link.audit_id for link in old],
            {
                "position": end.position,
                "day": end.day,
                "made_at": now,
                "digest": end.digest,
                "kid": key.kid,
                "seal": seal,
            },
        )


async def _rest(until: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)


async def is_in_chain(connection: AsyncConnection, head: Anchor) -> bool:
    """Return True if the chain has this link, or had it before retention removed it."""
    left = await store.checkpoint(connection)
    if left is not None and left.position >= head.position:
        return left.position > head.position or left.digest == head.digest
    link = await store.link_at(connection, head.position)
    return link is not None and link.digest == head.digest
