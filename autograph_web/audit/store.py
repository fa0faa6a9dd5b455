"""SQL statements for the audit log: rows are added and read; the only update blanks their origin.

Lists are ordered by time and then by row id, which is also the order of the indexes.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    bindparam,
    desc,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.event_filter import Cursor, EventFilter
from autograph_web.audit.models import EVERYBODYS, AuditRow
from autograph_web.infra.db.types import UtcDateTime, table_of

AUDIT = table_of(AuditRow)
_ADD = insert(AUDIT)  # built once: building it takes longer than running it
_row_place = tuple_(AUDIT.c.at, AUDIT.c.id)
_NEWEST_FIRST = (desc(AUDIT.c.at), desc(AUDIT.c.id))


async def add(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Add one row."""
    await connection.execute(_ADD, values)


async def newest(connection: AsyncConnection, user_id: UUID, limit: int) -> list[Row[Any]]:
    """Return the newest rows of an account, newest first."""
    query = select(AUDIT).where(AUDIT.c.user_id == user_id).order_by(*_NEWEST_FIRST).limit(limit)
    return list(await connection.execute(query))


async def selected(
    connection: AsyncConnection, user_id: UUID | None, wanted: EventFilter, before: Cursor | None, limit: int
) -> list[Row[Any]]:
    """Return the selected rows of an account, or of all, that are older than `before`, newest first."""
    return list(await connection.execute(selecting(user_id, wanted, before, limit)))


def selecting(user_id: UUID | None, wanted: EventFilter, before: Cursor | None, limit: int) -> Select[Any]:
    """Return the query of `selected`: it reads about as many rows as it returns, whatever the table size.

    Each kind is looked up separately, in the index that begins with it: one scan for several kinds would
    have to read everything between two of them. Only kinds combined with one address are filtered among all
    rows of that address.
    """
    whose = text(EVERYBODYS) if user_id is None else AUDIT.c.user_id == user_id
    where = [whose, *_within(wanted)]
    if before is not None:
        where.append(_row_place < _bound(before))
    newest_ones = select(AUDIT).where(*where).order_by(*_NEWEST_FIRST).limit(limit)
    if not wanted.kinds:
        return newest_ones
    if wanted.ip is not None and user_id is None:
        return newest_ones.where(AUDIT.c.kind.in_([kind.value for kind in wanted.kinds]))
    parts = [newest_ones.where(AUDIT.c.kind == kind.value).subquery() for kind in wanted.kinds]
    found = union_all(*(select(part) for part in parts)).subquery()
    return select(found).order_by(desc(found.c.at), desc(found.c.id)).limit(limit)


async def count_selected(connection: AsyncConnection, user_id: UUID | None, wanted: EventFilter) -> int:
    """Count the selected rows of an account, or of all if `user_id` is None."""
    query = select(func.count()).select_from(AUDIT).where(*_wanted_of(user_id, wanted))
    return int((await connection.execute(query)).scalar_one())


async def everybodys(
    connection: AsyncConnection, user_id: UUID | None, wanted: EventFilter, last_id: int, limit: int
) -> list[Row[Any]]:
    """Return the selected rows after `last_id` of an account, or of all, ordered by id."""
    query = select(AUDIT).where(AUDIT.c.id > last_id, *_wanted_of(user_id, wanted))
    return list(await connection.execute(query.order_by(AUDIT.c.id).limit(limit)))


async def after(
    connection: AsyncConnection, user_id: UUID, last: Cursor | None, limit: int
) -> list[Row[Any]]:
    """Return the rows of an account that follow `last`, oldest first."""
    query = select(AUDIT).where(AUDIT.c.user_id == user_id)
    if last is not None:
        query = query.where(_row_place > _bound(last))
    return list(await connection.execute(query.order_by(AUDIT.c.at, AUDIT.c.id).limit(limit)))


async def forget_origin(connection: AsyncConnection, user_id: UUID) -> None:
    """Blank the origin of an account's events; what happened, and in which order, remains."""
    await connection.execute(update(AUDIT).where(AUDIT.c.user_id == user_id).values(ip="", user_agent=""))


async def newest_elsewhere(
    connection: AsyncConnection, user_id: UUID, kind: str, session_id: UUID
) -> Row[Any] | None:
    """Return the newest row of `kind` of an account that does not belong to `session_id`."""
    query = (
        select(AUDIT)
        .where(AUDIT.c.user_id == user_id, AUDIT.c.kind == kind, AUDIT.c.session_id != session_id)
        .order_by(*_NEWEST_FIRST)
        .limit(1)
    )
    return (await connection.execute(query)).first()


def _wanted_of(user_id: UUID | None, wanted: EventFilter) -> Sequence[ColumnElement[bool]]:
    found = list(_within(wanted))
    if user_id is not None:
        found.append(AUDIT.c.user_id == user_id)
    if wanted.kinds:
        found.append(AUDIT.c.kind.in_([kind.value for kind in wanted.kinds]))
    return found


def _within(wanted: EventFilter) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.session_id is not None:
        found.append(AUDIT.c.session_id == wanted.session_id)
    if wanted.elsewhere is not None:
        # A failed sign-in has no session, and is exactly what this filter is used to find.
        found.append(or_(AUDIT.c.session_id != wanted.elsewhere, AUDIT.c.session_id.is_(None)))
    if wanted.ip is not None:
        found.append(AUDIT.c.ip == wanted.ip)
    if wanted.since is not None:
        found.append(AUDIT.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(AUDIT.c.at < wanted.until)
    return found


def _bound(place: Cursor) -> ColumnElement[Any]:
    return tuple_(
        bindparam("place_at", place.at, UtcDateTime(), unique=True),
        bindparam("place_id", place.id, BigInteger(), unique=True),
    )
