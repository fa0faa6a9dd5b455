"""Verifies the whole chain: whether the audit log is unmodified, and if not, where the chain breaks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.chain import store
from autograph_web.audit.chain.anchor import Anchor
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.linker import is_in_chain
from autograph_web.audit.chain.links import (
    START,
    content_of,
    digest_of,
    is_sealed,
    origin_of,
    place_of,
    same,
)
from autograph_web.infra.crypto.keyring import Key
from autograph_web.infra.db.database import Database

_BEFORE_ALL = -(2**63)  # a tampered row may have any id
_PORTION = 1000  # rows in memory at once
# Clocks of different hosts differ, and a use case takes time between reading the clock and committing.
_LATE = timedelta(hours=1)

Living = Callable[[AsyncConnection, set[UUID]], Awaitable[set[UUID]]]
"""Returns which of these accounts exist."""


class Break(StrEnum):
    """The ways in which a chain can break; the value is the name in JSON."""

    words: str

    def __new__(cls, value: str, words: str) -> "Break":
        """Create a member of `value` with its description."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member

    ROW_ALTERED = "row_altered", "the row was altered"
    ROW_DELETED = "row_deleted", "the row was deleted"
    ROW_BLANKED = "row_blanked", "IP address and user agent were erased, but the account wasn't deleted"
    ROW_INSERTED = "row_inserted", "the row was inserted in the past, or the clock was set back"
    LINK_ALTERED = "link_altered", "the link was altered or moved"
    LINK_MISSING = "link_missing", "links before this one were removed"
    KEY_MISSING = "key_missing", "the link was created with a key that doesn't belong to these secrets"
    CHECKPOINT_FORGED = "checkpoint_forged", "the checkpoint was forged"
    END_CUT = "end_cut", "the chain once reached this link: its end was cut off or rewritten"


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """One break of the chain: the position of the link and the id of the row, as far as known."""

    kind: Break
    position: int | None = None
    audit_id: int | None = None

    def __str__(self) -> str:
        where = [f"row {self.audit_id}"] if self.audit_id is not None else []
        where += [f"link {self.position}"] if self.position is not None else []
        return f"{', '.join(where)}: {self.kind.words}" if where else self.kind.words


@dataclass(slots=True)
class Report:
    """The result of a verification; `first` is the first break and `breaks` their number."""

    checked: int = 0
    erased: int = 0
    waiting: int = 0
    waiting_since: datetime | None = None
    begins_after: int = 0
    head: Anchor | None = None
    first: BrokenLink | None = None
    breaks: int = 0

    @property
    def whole(self) -> bool:
        """Whether the chain is intact."""
        return self.first is None

    def note(self, finding: BrokenLink) -> None:
        """Add a break."""
        self.first = self.first or finding
        self.breaks += 1


@dataclass(slots=True)
class _Walk:
    """The state of a walk over the chain: what the next link must follow."""

    position: int
    digest: bytes
    settled_id: int = 0
    at: datetime | None = None


class ChainVerifier:
    """Verifies a chain in portions, concurrently with writers."""

    def __init__(self, database: Database, keys: ChainKeys, existing_ids: Living) -> None:
        self._database, self._keys, self._existing_ids = database, keys, existing_ids
        self._found: dict[str, Key] = {}

    async def run(
        self,
        expected: Sequence[Anchor] = (),
        progress: Callable[[int, int], None] = lambda _seen, _total: None,
    ) -> Report:
        """Verify the whole chain.

        `expected` are heads that the chain once had; `progress` is called with the number checked and the
        total.

        Raises:
            Unavailable: The database is unavailable.
        """
        report = Report()
        async with self._database.read() as connection:
            self._found = await self._keys.every(connection)
            total = await store.count_links(connection)
            walk = await self._begin(connection, report)
        while await self._check_portion(walk, report):
            progress(report.checked, max(total, report.checked))
        await self._check_end(report, expected)
        await self._check_unlinked(walk, report)
        return report

    async def _begin(self, connection: AsyncConnection, report: Report) -> _Walk:
        left = await store.checkpoint(connection)
        if left is None:
            return _Walk(0, START)
        report.begins_after = left.position
        key = self._found.get(left.kid)
        if key is None:
            report.note(BrokenLink(Break.KEY_MISSING, left.position))
        elif not is_sealed(key, left):
            report.note(BrokenLink(Break.CHECKPOINT_FORGED, left.position))
        return _Walk(left.position, left.digest)

    async def _check_portion(self, walk: _Walk, report: Report) -> bool:
        async with self._database.read() as connection:
            links = await store.links_after(connection, walk.position, _PORTION)
            if links and links[0].position != walk.position + 1:
                await self._skip_what_was_taken_away(connection, walk, report)
            blanked = {link.user_id for link in links if _is_blank(link) and link.user_id is not None}
            gone = await self._deleted(connection, blanked) if blanked else set[UUID]()
        for link in links:
            if link.position <= walk.position:
                continue
            self._check(link, walk, gone, report)
        return bool(links)

    async def _skip_what_was_taken_away(
        self, connection: AsyncConnection, walk: _Walk, report: Report
    ) -> None:
        # Retention may have removed links since the last read.
        left = await store.checkpoint(connection)
        if left is not None and left.position > walk.position:
            begun = await self._begin(connection, report)
            walk.position, walk.digest = begun.position, begun.digest

    async def _deleted(self, connection: AsyncConnection, user_ids: set[UUID]) -> set[UUID]:
        said = await store.deleted_accounts(connection, user_ids)
        return said - await self._existing_ids(connection, said) if said else said

    def _check(self, link: Row[Any], walk: _Walk, gone: set[UUID], report: Report) -> None:
        kind = self._break_of(link, walk, gone)
        if kind is not None:
            report.note(BrokenLink(kind, link.position, link.audit_id))
        elif not link.salt:
            report.erased += 1
        report.checked += 1
        report.head = Anchor(link.position, link.digest)
        walk.position, walk.digest, walk.settled_id = link.position, link.digest, link.settled_id
        walk.at = link.at or walk.at

    def _break_of(self, link: Row[Any], walk: _Walk, gone: set[UUID]) -> Break | None:
        if link.position != walk.position + 1:
            return Break.LINK_MISSING
        key = self._found.get(link.kid)
        if key is None:
            return Break.KEY_MISSING
        if not same(digest_of(key, walk.digest, place_of(link), link.content), link.digest):
            return Break.LINK_ALTERED
        return _break_of_row(key, link, gone) or _break_of_order(link, walk)

    async def _check_end(self, report: Report, expected: Sequence[Anchor]) -> None:
        async with self._database.read() as connection:
            for head in expected:
                if not await is_in_chain(connection, head):
                    report.note(BrokenLink(Break.END_CUT, head.position))
        if report.begins_after and not report.checked:  # retention never removes the last day
            report.note(BrokenLink(Break.END_CUT, report.begins_after + 1))

    async def _check_unlinked(self, walk: _Walk, report: Report) -> None:
        last = _BEFORE_ALL
        while True:
            async with self._database.read() as connection:
                rows = await store.rows_and_links(connection, last, _PORTION)
            if not rows:
                return
            for row in rows:
                if row.position is None:
                    _note_unlinked(row, walk, report)
            last = rows[-1].id


def _note_unlinked(row: Row[Any], walk: _Walk, report: Report) -> None:
    if row.id <= walk.settled_id:  # when the last link was made, no row could appear below this id any more
        report.note(BrokenLink(Break.ROW_INSERTED, None, row.id))
        return
    report.waiting += 1
    report.waiting_since = min(report.waiting_since or row.at, row.at)


def _is_blank(link: Row[Any]) -> bool:
    return link.id is not None and not link.salt and not link.ip and not link.user_agent


def _break_of_row(key: Key, link: Row[Any], gone: set[UUID]) -> Break | None:
    if link.id is None:
        return Break.ROW_DELETED
    if not same(content_of(key, link, link.origin), link.content):
        return Break.ROW_ALTERED
    if link.salt:
        return None if same(origin_of(key, link, link.salt), link.origin) else Break.ROW_ALTERED
    if not _is_blank(link):
        return Break.ROW_ALTERED
    return None if link.user_id in gone else Break.ROW_BLANKED


def _break_of_order(link: Row[Any], walk: _Walk) -> Break | None:
    came_late = walk.at is not None and link.at < walk.at - _LATE
    return Break.ROW_INSERTED if came_late or link.audit_id <= walk.settled_id else None
