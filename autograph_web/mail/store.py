"""The outbox's statements; a letter is claimed by an UPDATE that only one courier can win."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.core.tables import table_of
from autograph_web.mail.models import OutboxRow

OUTBOX = table_of(OutboxRow)


async def add(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Add one letter."""
    await connection.execute(insert(OUTBOX), values)


async def any_due(connection: AsyncConnection, now: datetime) -> bool:
    """Tell whether some letter waits for a courier: asked first, because claiming takes a write lock."""
    return (await connection.execute(select(OUTBOX.c.id).where(*_free(now)).limit(1))).first() is not None


async def claim(connection: AsyncConnection, now: datetime, until: datetime) -> Row[Any] | None:
    """Take the letter that has waited longest, for nobody else to take before `until`."""
    longest = select(OUTBOX.c.id).where(*_free(now)).order_by(OUTBOX.c.due_at, OUTBOX.c.id).limit(1)
    result = await connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == longest.with_for_update(skip_locked=True).scalar_subquery(), *_free(now))
        .values(claimed_until=until, attempts=OUTBOX.c.attempts + 1)
        .returning(OUTBOX)
    )
    return result.first()


async def mark_sent(connection: AsyncConnection, claimed: Row[Any], now: datetime) -> None:
    """Note that a letter is out and forget what it said, even if somebody else has claimed it since."""
    done = {"sent_at": now, "failed_at": None, "last_error": None, "sealed_letter": None}
    await connection.execute(
        update(OUTBOX).where(OUTBOX.c.id == claimed.id).values(due_at=None, claimed_until=None, **done)
    )


async def postpone(connection: AsyncConnection, claimed: Row[Any], due_at: datetime, error: str) -> None:
    """Let a letter wait until `due_at`, unless somebody else has claimed it since."""
    await connection.execute(
        update(OUTBOX).where(*_still(claimed)).values(due_at=due_at, claimed_until=None, last_error=error)
    )


async def give_up(connection: AsyncConnection, claimed: Row[Any], now: datetime, error: str) -> None:
    """Try a letter no longer, unless somebody else has claimed it since."""
    await connection.execute(
        update(OUTBOX)
        .where(*_still(claimed))
        .values(due_at=None, failed_at=now, claimed_until=None, last_error=error)
    )


async def forget(connection: AsyncConnection, sent_before: datetime, failed_before: datetime) -> int:
    """Delete letters that were sent or given up long enough ago; return how many."""
    over = or_(OUTBOX.c.sent_at < sent_before, OUTBOX.c.failed_at < failed_before)
    return (await connection.execute(delete(OUTBOX).where(over))).rowcount


def _free(now: datetime) -> tuple[Any, ...]:
    return OUTBOX.c.due_at <= now, or_(OUTBOX.c.claimed_until.is_(None), OUTBOX.c.claimed_until <= now)


def _still(claimed: Row[Any]) -> tuple[Any, ...]:
    return OUTBOX.c.id == claimed.id, OUTBOX.c.attempts == claimed.attempts, OUTBOX.c.sent_at.is_(None)
