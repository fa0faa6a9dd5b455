"""Exports events as files: CSV for spreadsheets, JSON for programs."""

import csv
import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from io import StringIO
from typing import Any

from autograph_web.audit.log import AuditEvent
from autograph_web.infra.user_agent import describe_user_agent

BYTE_ORDER_MARK = "\ufeff"
"""The start of a CSV file: without it, some spreadsheets read UTF-8 as an older encoding."""

_HEADINGS = ("time", "event", "kind", "device", "address", "user_agent", "session", "details")
# Characters that a spreadsheet interprets as the start of a formula, also in full width (CWE-1236).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Format(StrEnum):
    """The format of a download of events."""

    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Download:
    """A file in portions, and the number of its events."""

    total: int
    portions: AsyncGenerator[str]


async def written(
    pages: AsyncGenerator[list[AuditEvent]],
    form: Format,
    now: datetime,
    what: str,
    *,
    with_owner: bool = False,
) -> AsyncGenerator[str]:
    """Yield a file of the events in `pages`; `what` names the content, `with_owner` adds the account ids."""
    if form is Format.CSV:
        yield csv_head(*(("account",) if with_owner else ()))
        async for events in pages:
            yield csv_lines(events, with_owner=with_owner)
        return
    yield f'{{"format":"autograph-{what}-1","exported_at":"{moment(now)}","events":['
    separator = "\n"
    async for events in pages:
        if events:
            yield separator + ",\n".join(json_of(event, with_owner=with_owner) for event in events)
            separator = ",\n"
    yield "\n]}\n"


def csv_head(*more: str) -> str:
    """Return the header line of a CSV (RFC 4180) of events; `more` are additional leading columns."""
    return BYTE_ORDER_MARK + _lines([(*more, *_HEADINGS)])


def csv_lines(events: Iterable[AuditEvent], *, with_owner: bool = False) -> str:
    """Return the CSV lines of `events`; no cell is interpreted as a formula.

    `with_owner` adds the account id as the first column and is for operators only.
    """
    return _lines(_cells(event, with_owner) for event in events)


def json_of(event: AuditEvent, *, with_owner: bool = False) -> str:
    """Return one event as a single line of JSON; `with_owner` adds event id and account id, for operators."""
    owner: dict[str, Any] = {"id": event.id, "user_id": _owner(event) or None} if with_owner else {}
    return json.dumps(
        owner
        | {
            "at": moment(event.at),
            "kind": event.kind.value,
            "label": event.kind.label,
            "device": describe_user_agent(event.user_agent),
            "ip": event.ip,
            "user_agent": event.user_agent,
            "session_id": str(event.session_id) if event.session_id else None,
            "details": event.details,
        },
        separators=(",", ":"),
    )


def moment(at: datetime) -> str:
    """Return `at` in UTC in RFC 3339 format."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _owner(event: AuditEvent) -> str:
    return str(event.user_id) if event.user_id else ""


def _cells(event: AuditEvent, with_owner: bool) -> tuple[str, ...]:
    details = event.details
    return (
        *((_owner(event),) if with_owner else ()),
        moment(event.at),
        event.kind.label,
        event.kind.value,
        describe_user_agent(event.user_agent),
        event.ip,
        event.user_agent,
        str(event.session_id) if event.session_id else "",
        json.dumps(details, separators=(",", ":")) if details else "",
    )


def _lines(rows: Iterable[tuple[str, ...]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
