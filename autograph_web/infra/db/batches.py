"""Changes that go over all rows of a table, a batch in each transaction."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.infra.db.database import Database

_BATCH = 200

Read = Callable[[AsyncConnection, Any, int], Awaitable[list[Row[Any]]]]
"""Returns the next rows in the order of their ids, at most so many: those after an id, or from the first."""
Change = Callable[[AsyncConnection, Row[Any]], Awaitable[bool]]
"""Changes a row where it needs to be changed, and returns True if it was."""


async def change_in_batches(
    database: Database, read: Read, change: Change, progress: Callable[[int], object] = lambda _seen: None
) -> int:
    """Change rows batch by batch, and return how many were changed; it can be interrupted and repeated.

    `progress` is called with the number of rows processed so far.

    Raises:
        Unavailable: The database is unavailable; completed batches remain committed.
    """
    changed, seen, last = 0, 0, None
    while True:
        async with database.unit() as connection:
            rows = await read(connection, last, _BATCH)
            for row in rows:
                changed += await change(connection, row)
        if not rows:
            return changed
        last, seen = rows[-1].id, seen + len(rows)
        progress(seen)
