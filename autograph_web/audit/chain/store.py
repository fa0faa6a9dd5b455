"""SQL statements for the audit chain."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, delete, desc, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.chain.models import ChainKeyRow, CheckpointRow, LinkRow
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.infra.db import database
from autograph_web.infra.db.types import table_of

CHAIN = table_of(LinkRow)
CHECKPOINTS = table_of(CheckpointRow)
CHAIN_KEYS = table_of(ChainKeyRow)

_LOCK_KEY = 0x4368_6169  # "Chai": an advisory lock key that no other program on this database uses
_ADD_LINKS = insert(CHAIN)
_LAST = select(CHAIN).order_by(desc(CHAIN.c.position)).limit(1)


async def try_lock(connection: AsyncConnection) -> bool:
    """Take the advisory lock of the chain for this unit of work, unless it is held elsewhere."""
    return await database.try_lock(connection, _LOCK_KEY)


async def lock(connection: AsyncConnection) -> None:
    """Take the advisory lock of the chain for this unit of work, waiting if it is held elsewhere."""
    await database.lock(connection, _LOCK_KEY)


async def horizon(connection: AsyncConnection) -> tuple[int, int]:
    """Return the id of the oldest transaction that may still write, and the id that the next one will get.

    Rows can become visible out of the order of their ids; below such a horizon none can any more. On SQLite
    writes are serialized, so that every row is settled as soon as it is visible.
    """
    if connection.dialect.name != "postgresql":
        return 0, 0
    # Reads the current snapshot, as text: these numbers are wider than the driver's integers.
    row = (
        await connection.execute(
            text(
                "SELECT pg_snapshot_xmin(s)::text AS oldest, pg_snapshot_xmax(s)::text AS following"
                " FROM pg_current_snapshot() AS s"
            )
        )
    ).one()
    return int(row.oldest), int(row.following)


async def last_link(connection: AsyncConnection) -> Row[Any] | None:
    """Return the newest link, or None."""
    return (await connection.execute(_LAST)).first()


async def link_at(connection: AsyncConnection, position: int) -> Row[Any] | None:
    """Return the link at `position`, or None."""
    return (await connection.execute(select(CHAIN).where(CHAIN.c.position == position))).first()


async def greatest_linked(connection: AsyncConnection) -> int:
    """Return the greatest id of a linked row, or 0 if there is none."""
    return int((await connection.execute(select(func.max(CHAIN.c.audit_id)))).scalar() or 0)


async def newest_event(connection: AsyncConnection) -> int:
    """Return the greatest id of an audit row, or 0 if there is none."""
    return int((await connection.execute(select(func.max(AUDIT.c.id)))).scalar() or 0)


async def unlinked(connection: AsyncConnection, settled_id: int, limit: int) -> list[Row[Any]]:
    """Return the first `limit` rows above `settled_id` that have no link, ordered by id."""
    linked = select(CHAIN.c.audit_id).where(CHAIN.c.audit_id == AUDIT.c.id).exists()
    query = select(AUDIT).where(AUDIT.c.id > settled_id, ~linked).order_by(AUDIT.c.id).limit(limit)
    return list(await connection.execute(query))


async def any_unlinked(connection: AsyncConnection, settled_id: int) -> bool:
    """Return True if a row above `settled_id` has no link; checked first, because linking takes a lock."""
    return bool(await unlinked(connection, settled_id, 1))


async def backlog(connection: AsyncConnection, settled_id: int, most: int) -> Any:
    """Return the number of unlinked rows above `settled_id`, at most `most`, and the time of the oldest."""
    linked = select(CHAIN.c.audit_id).where(CHAIN.c.audit_id == AUDIT.c.id).exists()
    query = select(AUDIT.c.at).where(AUDIT.c.id > settled_id, ~linked).order_by(AUDIT.c.id).limit(most)
    waiting = query.subquery()
    return (
        await connection.execute(
            select(func.count().label("rows"), func.min(waiting.c.at).label("oldest")).select_from(waiting)
        )
    ).one()


async def add_links(connection: AsyncConnection, links: Sequence[dict[str, Any]]) -> None:
    """Add links."""
    await connection.execute(_ADD_LINKS, list(links))


async def forget_salts(connection: AsyncConnection, user_id: UUID) -> None:
    """Blank the salts of an account's links, so that guessed addresses cannot be verified against them."""
    mine = select(AUDIT.c.id).where(AUDIT.c.user_id == user_id)
    await connection.execute(update(CHAIN).where(CHAIN.c.audit_id.in_(mine)).values(salt=b""))


async def links_after(connection: AsyncConnection, position: int, limit: int) -> list[Row[Any]]:
    """Return the links after `position`, each with its audit row, whose columns are null if it is missing."""
    of_row = [AUDIT.c[name] for name in AUDIT.c.keys()]  # noqa: SIM118  (columns are no mapping of names)
    query = (
        select(CHAIN, *of_row)
        .select_from(CHAIN.outerjoin(AUDIT, AUDIT.c.id == CHAIN.c.audit_id))
        .where(CHAIN.c.position > position)
        .order_by(CHAIN.c.position)
        .limit(limit)
    )
    return list(await connection.execute(query))


async def rows_and_links(connection: AsyncConnection, last_id: int, limit: int) -> list[Any]:
    """Return id, time and position (None: no link) of the audit rows after `last_id`, ordered by id."""
    some = (
        select(AUDIT.c.id, AUDIT.c.at)
        .where(AUDIT.c.id > last_id)
        .order_by(AUDIT.c.id)
        .limit(limit)
        .subquery()
    )
    query = (
        select(some.c.id, some.c.at, CHAIN.c.position)
        .select_from(some.outerjoin(CHAIN, CHAIN.c.audit_id == some.c.id))
        .order_by(some.c.id)
    )
    return list((await connection.execute(query)).all())


async def deleted_accounts(connection: AsyncConnection, user_ids: set[UUID]) -> set[UUID]:
    """Return which of these accounts have a deletion event in the log."""
    query = (
        select(AUDIT.c.user_id)
        .where(AUDIT.c.user_id.in_(user_ids), AUDIT.c.kind == EventType.ACCOUNT_DELETED.value)
        .distinct()
    )
    return set((await connection.execute(query)).scalars())


async def count_links(connection: AsyncConnection) -> int:
    """Count the links."""
    return int((await connection.execute(select(func.count()).select_from(CHAIN))).scalar_one())


async def checkpoint(connection: AsyncConnection) -> Row[Any] | None:
    """Return the newest checkpoint, or None."""
    return (
        await connection.execute(select(CHECKPOINTS).order_by(desc(CHECKPOINTS.c.position)).limit(1))
    ).first()


async def expired_links(connection: AsyncConnection, before: date, limit: int) -> list[Row[Any]]:
    """Return the first links of days before `before`, in order."""
    first = select(CHAIN).order_by(CHAIN.c.position).limit(limit)
    return [row for row in await connection.execute(first) if row.day < before]


async def cut(connection: AsyncConnection, audit_ids: Sequence[int], checkpoint_row: dict[str, Any]) -> None:
    """Delete the links up to a checkpoint with their audit rows, and insert the checkpoint instead."""
    position = checkpoint_row["position"]
    await connection.execute(delete(AUDIT).where(AUDIT.c.id.in_(audit_ids)))
    await connection.execute(delete(CHAIN).where(CHAIN.c.position <= position))
    await connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.position < position))
    await connection.execute(insert(CHECKPOINTS).values(checkpoint_row))


async def keys(connection: AsyncConnection) -> list[Row[Any]]:
    """Return the stored keys, encrypted."""
    return list(await connection.execute(select(CHAIN_KEYS)))


async def keep_key(connection: AsyncConnection, kid: str, sealed: str, instead_of: str | None) -> None:
    """Store an encrypted key; `instead_of` is its previous encrypted form, or None if it is new."""
    if instead_of is None:
        await connection.execute(insert(CHAIN_KEYS).values(kid=kid, sealed=sealed))
        return
    same_one = and_(CHAIN_KEYS.c.kid == kid, CHAIN_KEYS.c.sealed == instead_of)
    await connection.execute(update(CHAIN_KEYS).where(same_one).values(sealed=sealed))
