"""Exports the whole audit log to a file, for an operator."""

from collections.abc import Callable
from uuid import UUID

from autograph_web.audit import store
from autograph_web.audit.downloads import csv_head, csv_lines, json_of
from autograph_web.audit.event_filter import EventFilter
from autograph_web.audit.event_types import ExportFormat
from autograph_web.audit.log import event_of
from autograph_web.infra.db.database import Database

_BEFORE_ALL = -(2**63)
_PORTION = 1000  # rows in memory at once; no transaction stays open between two portions


async def write_out(
    database: Database,
    owner: UUID | None,
    wanted: EventFilter,
    form: ExportFormat,
    write: Callable[[str], object],
    progress: Callable[[int, int], None],
) -> int:
    """Write the selected events of `owner`, or of all accounts, oldest first; return their number.

    `progress` is called with the number written so far and the total.

    Raises:
        Unavailable: The database is unavailable; what was written until then remains.
    """
    async with database.read() as connection:
        total = await store.count_selected(connection, owner, wanted)
    if form is ExportFormat.CSV:
        write(csv_head("account"))
    last, written = _BEFORE_ALL, 0
    while True:
        async with database.read() as connection:
            rows = await store.everybodys(connection, owner, wanted, last, _PORTION)
        if not rows:
            return written
        events = [event_of(row) for row in rows]
        if form is ExportFormat.CSV:
            write(csv_lines(events, with_owner=True))
        else:
            write("".join(f"{json_of(event, with_owner=True)}\n" for event in events))
        last, written = rows[-1].id, written + len(rows)
        progress(written, max(total, written))
