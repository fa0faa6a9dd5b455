"""SQL statements of the outbox; an email is claimed by an UPDATE that only one courier can win."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.infra.db.types import table_of
from autograph_web.mail.models import OutboxRow

OUTBOX = table_of(OutboxRow)


async def add(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Insert one email."""
    await connection.execute(insert(OUTBOX), values)


async def next_free(connection: AsyncConnection) -> datetime | None:
    """Return when a courier may claim the next email, or None if none is waiting.

    Queried before an email is claimed, because claiming requires a write lock.
    """
    due, claimed = OUTBOX.c.due_at, OUTBOX.c.claimed_until
    free_at = case((claimed > due, claimed), else_=due)
    return (await connection.execute(select(func.min(free_at)).where(due.is_not(None)))).scalar_one()


async def claim(connection: AsyncConnection, now: datetime, until: datetime) -> Row[Any] | None:
    """Claim the email that has been due longest; no other courier can claim it before `until`."""
    longest = select(OUTBOX.c.id).where(*_free(now)).order_by(OUTBOX.c.due_at, OUTBOX.c.id).limit(1)
    result = await connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == longest.with_for_update(skip_locked=True).scalar_subquery(), *_free(now))
        .values(claimed_until=until, attempts=OUTBOX.c.attempts + 1)
        .returning(OUTBOX)
    )
    return result.first()


async def mark_sent(connection: AsyncConnection, claimed: Row[Any], now: datetime) -> None:
    """Mark an email as sent and delete its content, even if another courier has claimed it since."""
    done = {"sent_at": now, "failed_at": None, "last_error": None, "sealed_letter": None}
    await connection.execute(
        update(OUTBOX).where(OUTBOX.c.id == claimed.id).values(due_at=None, claimed_until=None, **done)
    )


async def postpone(connection: AsyncConnection, claimed: Row[Any], due_at: datetime, error: str) -> None:
    """Postpone an email until `due_at`, unless another courier has claimed it since."""
    await connection.execute(
        update(OUTBOX).where(*_still(claimed)).values(due_at=due_at, claimed_until=None, last_error=error)
    )


async def give_up(connection: AsyncConnection, claimed: Row[Any], now: datetime, error: str) -> None:
    """Give up an email, unless another courier has claimed it since."""
    await connection.execute(
        update(OUTBOX)
        .where(*_still(claimed))
        .values(due_at=None, failed_at=now, claimed_until=None, last_error=error)
    )


async def waiting(connection: AsyncConnection, limit: int) -> list[Row[Any]]:
    """Return the oldest unsent emails."""
    query = select(OUTBOX).where(OUTBOX.c.sent_at.is_(None)).order_by(OUTBOX.c.id).limit(limit)
    return list(await connection.execute(query))


async def count_waiting(connection: AsyncConnection) -> int:
    """Count the unsent emails."""
    query = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.sent_at.is_(None))
    return int((await connection.execute(query)).scalar_one())


async def standing(connection: AsyncConnection) -> Any:
    """Return how many emails are waiting and given up, and when the oldest waiting one was created."""
    is_due, is_over = OUTBOX.c.due_at.is_not(None), OUTBOX.c.failed_at.is_not(None)
    query = select(
        func.count().filter(is_due).label("waiting"),
        func.count().filter(is_over).label("failed"),
        func.min(OUTBOX.c.created_at).filter(is_due).label("oldest"),
    ).where(OUTBOX.c.sent_at.is_(None))
    return (await connection.execute(query)).one()


async def make_due(connection: AsyncConnection, now: datetime) -> int:
    """Make every unsent email due now, unless it is claimed; return how many."""
    free = or_(OUTBOX.c.claimed_until.is_(None), OUTBOX.c.claimed_until <= now)
    result = await connection.execute(
        update(OUTBOX).where(OUTBOX.c.sent_at.is_(None), free).values(due_at=now, failed_at=None)
    )
    return result.rowcount


async def sealed_after(connection: AsyncConnection, row_id: int | None, limit: int) -> list[Row[Any]]:
    """Return the next emails whose content is stored, in order of id, for iteration in batches."""
    query = select(OUTBOX).where(OUTBOX.c.id > (row_id or 0), OUTBOX.c.sealed_letter.is_not(None))
    return list(await connection.execute(query.order_by(OUTBOX.c.id).limit(limit)))


async def reseal(connection: AsyncConnection, row_id: int, seen: str, sealed: str) -> bool:
    """Replace the ciphertext of an email, unless it was sent meanwhile; return True if it was replaced."""
    result = await connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == row_id, OUTBOX.c.sealed_letter == seen)
        .values(sealed_letter=sealed)
    )
    return result.rowcount == 1


async def forget(connection: AsyncConnection, sent_before: datetime, failed_before: datetime) -> int:
    """Delete emails that were sent or given up before the given times; return how many."""
    over = or_(OUTBOX.c.sent_at < sent_before, OUTBOX.c.failed_at < failed_before)
    return (await connection.execute(delete(OUTBOX).where(over))).rowcount


def _free(now: datetime) -> tuple[Any, ...]:
    return OUTBOX.c.due_at <= now, or_(OUTBOX.c.claimed_until.is_(None), OUTBOX.c.claimed_until <= now)


def _still(claimed: Row[Any]) -> tuple[Any, ...]:
    return OUTBOX.c.id == claimed.id, OUTBOX.c.attempts == claimed.attempts, OUTBOX.c.sent_at.is_(None)
