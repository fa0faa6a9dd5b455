"""SQL statements for statistics. A day is a day in UTC, whatever the time zone of the database."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.store import HAS_MFA, USERS
from autograph_web.admin.statistics.models import CountRow
from autograph_web.admin.user_summary import Role, Status
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.infra.db import database
from autograph_web.infra.db.types import table_of
from autograph_web.mail.store import OUTBOX
from autograph_web.sessions.store import SESSIONS

COUNTS = table_of(CountRow)
REPLACED, DELETED_WITH_MFA = "mfa_replaced", "account_deleted_with_mfa"
"""Count names of two events with another meaning for adoption: the replacement of an authenticator, and the
deletion of an account that had two-step verification on, according to its own events."""

_LOCK_KEY = 0x4461_7973  # "Days": an advisory lock key that no other program on this database uses
_LAST = select(func.max(COUNTS.c.through_id)).scalar_subquery()
_FACTOR = (EventType.MFA_ENABLED.value, EventType.MFA_DISABLED.value, EventType.MFA_RESET_BY_ADMIN.value)


@dataclass(frozen=True, slots=True)
class Counted:
    """The count of one kind of event on a day, covering rows up to `through_id`."""

    day: date
    what: str
    number: int
    through_id: int


class Accounts(NamedTuple):
    """The number of accounts in total, and of those with each property."""

    every: int
    with_mfa: int
    locked: int
    active: int


class Letters(NamedTuple):
    """The number of emails that have not been sent."""

    waiting: int
    failed: int


async def try_lock(connection: AsyncConnection) -> bool:
    """Take the advisory lock of the counts for this unit of work, unless it is held elsewhere."""
    return await database.try_lock(connection, _LOCK_KEY)


async def counted(connection: AsyncConnection, since: date) -> list[Counted]:
    """Return the counts since a day, and the newest counts, which show up to which row events are counted."""
    # In one statement, so that no counts are committed in between.
    query = select(COUNTS).where(or_(COUNTS.c.day >= since, COUNTS.c.through_id == _LAST))
    return [Counted(row.day, row.what, row.number, row.through_id) for row in await connection.execute(query)]


async def last_counted(connection: AsyncConnection) -> int:
    """Return the id of the newest counted audit row, or 0."""
    return (await connection.execute(select(_LAST))).scalar() or 0


async def settled(connection: AsyncConnection, last_id: int, before: datetime, limit: int) -> int:
    """Return the id up to which the next `limit` rows can be counted: all of them date from `before`."""
    following = select(AUDIT.c.id, AUDIT.c.at).where(AUDIT.c.id > last_id).order_by(AUDIT.c.id).limit(limit)
    some = following.subquery()
    query = select(func.max(some.c.id), func.min(some.c.id).filter(some.c.at >= before))
    newest, unsettled = (await connection.execute(query)).one()
    return unsettled - 1 if unsettled else newest or last_id


async def count(connection: AsyncConnection, after: int, through: int | None = None) -> list[Counted]:
    """Count the events after one row id, up to and including another if given."""
    day, what = _day(connection), _what()
    query = select(day, what, func.count(), func.max(AUDIT.c.id)).where(AUDIT.c.id > after)
    if through is not None:
        query = query.where(AUDIT.c.id <= through)
    found = await connection.execute(query.group_by(text("1"), text("2")))
    return [Counted(_as_date(row[0]), row[1], row[2], row[3]) for row in found]


async def add(connection: AsyncConnection, counted: Sequence[Counted], through: int) -> None:
    """Add to the stored counts."""
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    statement = insert(COUNTS)
    statement = statement.on_conflict_do_update(
        index_elements=[COUNTS.c.day, COUNTS.c.what],
        set_={
            "number": COUNTS.c.number + statement.excluded.number,
            "through_id": statement.excluded.through_id,
        },
    )
    rows = [asdict(one) | {"through_id": through} for one in counted]
    await connection.execute(statement, rows)


async def accounts(connection: AsyncConnection, seen_since: datetime) -> Accounts:
    """Count accounts: all, with two-step verification, locked, and used since a moment."""
    session = exists().where(SESSIONS.c.user_id == USERS.c.id, SESSIONS.c.last_seen_at >= seen_since)
    query = select(
        func.count(),
        _how_many(HAS_MFA),
        _how_many(USERS.c.status == Status.LOCKED.value),
        _how_many(or_(USERS.c.last_sign_in_at >= seen_since, session)),
    ).select_from(USERS)
    return Accounts(*(await connection.execute(query)).one())


async def admins_without_mfa(connection: AsyncConnection) -> int:
    """Count the active administrators without a second factor."""
    bare = not_(HAS_MFA)
    active = and_(USERS.c.role == Role.ADMIN.value, USERS.c.status == Status.ACTIVE.value)
    query = select(func.count()).select_from(USERS).where(active, bare)
    return int((await connection.execute(query)).scalar_one())


async def letters(connection: AsyncConnection) -> Letters:
    """Count emails: those waiting to be sent, and those that failed permanently."""
    query = select(
        _how_many(OUTBOX.c.due_at.is_not(None)),
        _how_many(OUTBOX.c.failed_at.is_not(None)),
    ).where(OUTBOX.c.sent_at.is_(None))
    return Letters(*(await connection.execute(query)).one())


def _what() -> ColumnElement[Any]:
    own = AUDIT.alias("own")
    last = (
        select(own.c.kind)
        .where(own.c.user_id == AUDIT.c.user_id, own.c.kind.in_(_FACTOR))
        .order_by(own.c.at.desc(), own.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    enabled, deleted = (
        AUDIT.c.kind == EventType.MFA_ENABLED.value,
        AUDIT.c.kind == EventType.ACCOUNT_DELETED.value,
    )
    replaced: ColumnElement[bool] = AUDIT.c.details["replaced"].as_boolean()
    return case(
        (and_(enabled, replaced), _literal(REPLACED)),
        (and_(deleted, last == EventType.MFA_ENABLED.value), _literal(DELETED_WITH_MFA)),
        else_=AUDIT.c.kind,
    )


def _literal(word: str) -> ColumnElement[Any]:
    return literal_column(f"'{word}'")


def _day(connection: AsyncConnection) -> ColumnElement[Any]:
    if connection.dialect.name == "postgresql":
        return cast(func.timezone("UTC", AUDIT.c.at), Date)
    return func.substr(AUDIT.c.at, 1, 10)  # SQLite stores UTC, as text that begins with the day


def _as_date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _how_many(where: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(where)
