"""The statements of statistics. A day is one in UTC, whatever the time zone of the database."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Row, and_, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.store import USERS
from autograph_web.admin.person import Role, Status
from autograph_web.audit.kinds import Kind
from autograph_web.audit.store import AUDIT
from autograph_web.mail.store import OUTBOX
from autograph_web.sessions.store import SESSIONS

Counts = dict[tuple[date, Kind], int]

_FACTOR = (Kind.MFA_ENABLED.value, Kind.MFA_DISABLED.value, Kind.MFA_RESET_BY_ADMIN.value)


async def counts(connection: AsyncConnection, kinds: tuple[Kind, ...], since: datetime) -> Counts:
    """Count the events of each kind on each day from `since` on; days without one are left out."""
    day = _day(connection)
    query = (
        select(day, AUDIT.c.kind, func.count())
        .where(AUDIT.c.kind.in_([kind.value for kind in kinds]), AUDIT.c.at >= since)
        .group_by(day, AUDIT.c.kind)
    )
    return {(_as_date(row[0]), Kind(row[1])): row[2] for row in await connection.execute(query)}


async def replaced_factors(connection: AsyncConnection, since: datetime) -> dict[date, int]:
    """Count, by day, the authenticators that took the place of another: nobody adopted anything by that."""
    replaced = AUDIT.c.details["replaced"].as_boolean().is_(True)
    return await _by_day(connection, AUDIT.c.kind == Kind.MFA_ENABLED.value, since, replaced)


async def deleted_with_factor(connection: AsyncConnection, since: datetime) -> dict[date, int]:
    """Count, by day, the deleted accounts that had two-step verification on, as their events tell."""
    own = AUDIT.alias("own")
    last = (
        select(own.c.kind)
        .where(own.c.user_id == AUDIT.c.user_id, own.c.kind.in_(_FACTOR))
        .order_by(own.c.at.desc(), own.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    deleted = AUDIT.c.kind == Kind.ACCOUNT_DELETED.value
    return await _by_day(connection, deleted, since, last == Kind.MFA_ENABLED.value)


async def accounts(connection: AsyncConnection, seen_since: datetime) -> Row[Any]:
    """Count accounts: all of them, with two-step verification, locked, and used since a moment."""
    session = exists().where(SESSIONS.c.user_id == USERS.c.id, SESSIONS.c.last_seen_at >= seen_since)
    query = select(
        func.count().label("every"),
        _how_many(USERS.c.mfa_enabled.is_(True)).label("with_mfa"),
        _how_many(USERS.c.status == Status.LOCKED.value).label("locked"),
        _how_many(or_(USERS.c.last_sign_in_at >= seen_since, session)).label("active"),
        _how_many(
            and_(
                USERS.c.role == Role.ADMIN.value,
                USERS.c.status == Status.ACTIVE.value,
                USERS.c.mfa_enabled.is_(False),
            )
        ).label("bare_admins"),
    ).select_from(USERS)
    return (await connection.execute(query)).one()


async def letters(connection: AsyncConnection) -> Row[Any]:
    """Count letters: those that wait to be sent, and those that were given up."""
    query = select(
        _how_many(OUTBOX.c.due_at.is_not(None)).label("waiting"),
        _how_many(OUTBOX.c.failed_at.is_not(None)).label("failed"),
    ).select_from(OUTBOX)
    return (await connection.execute(query.where(OUTBOX.c.sent_at.is_(None)))).one()


async def _by_day(
    connection: AsyncConnection, kind: ColumnElement[bool], since: datetime, also: ColumnElement[bool]
) -> dict[date, int]:
    day = _day(connection)
    query = select(day, func.count()).where(kind, AUDIT.c.at >= since, also).group_by(day)
    return {_as_date(row[0]): row[1] for row in await connection.execute(query)}


def _day(connection: AsyncConnection) -> ColumnElement[Any]:
    if connection.dialect.name == "postgresql":
        return cast(func.timezone("UTC", AUDIT.c.at), Date)
    return func.substr(AUDIT.c.at, 1, 10)  # SQLite keeps UTC, as text that begins with the day


def _as_date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _how_many(where: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(where)
