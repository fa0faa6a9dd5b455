"""`python -m autograph_web audit …`: verify the integrity of the audit log, and export it to a file."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress

from autograph_web.audit.event_filter import EventFilter
from autograph_web.audit.event_types import EventCategory, ExportFormat
from autograph_web.commands import later
from autograph_web.infra.crypto.secret_file import SecretError
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.startup_error import SettingsError, StartupError
from autograph_web.infra.wording import counted

T = TypeVar("T")
Tell = Callable[[int, int], None]

_BROKEN, _UNDECIDED = 1, 2

app = typer.Typer(no_args_is_help=True, help="Verify and export the audit log.")


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POSITION:DIGEST", help="A chain head printed earlier. Can be given more than once."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Output JSON.")] = False,
) -> None:
    """Verify the whole audit log. Exit code 0: intact; 1: broken; 2: could not be checked."""
    with _undecided_when_it_cannot_be_told(), _progress("checking") as tell:
        settings = later.load_settings()
        heads = [*map(_head, expect or []), *_noted(settings)]
        report = _with_database(
            settings, lambda db: later.chain_verifier_of(settings.master_secrets, db).run(heads, tell)
        )
    print(json.dumps(_as_object(report)) if as_json else _in_words(report), flush=True)  # noqa: T201
    raise typer.Exit(0 if report.whole else _BROKEN)


@app.command()
def export(
    form: Annotated[
        ExportFormat, typer.Option("--format", help="JSON lines, or CSV for a spreadsheet.")
    ] = ExportFormat.JSONL,
    output: Annotated[Path | None, typer.Option(help="Output file; standard output by default.")] = None,
    account: Annotated[str, typer.Option(help="Only this account: email or account ID.")] = "",
    group: Annotated[EventCategory | None, typer.Option(help="Only this category.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this time (UTC, inclusive).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Until this time (UTC, exclusive).")] = None,
) -> None:
    """Export events of all accounts, oldest first."""
    with _undecided_when_it_cannot_be_told(), _progress("writing") as tell:
        settings = later.load_settings()

        async def write(database: later.Database) -> int:
            owner = await _owner(database, account) if account else None
            wanted = EventFilter(group.kinds if group else (), since=_utc(since), until=_utc(until))
            with _writable(output) as file:
                return await later.write_out(database, owner, wanted, form, file.write, tell)

        written = _with_database(settings, write)
    print(f"autograph: {counted(written, 'event')} written", file=sys.stderr)  # noqa: T201


def keep_keys(settings: later.Settings) -> None:
    """Store the chain keys in the database under the newest secret, before an old secret is removed."""
    _with_database(settings, lambda database: later.chain_linker_of(settings, database).keep_keys())


async def _owner(database: later.Database, account: str) -> UUID:
    """Return the id of the account whose events are selected; a deleted account is found only by its id."""
    with suppress(ValueError):
        return UUID(account)
    async with database.read() as connection:
        found = await later.find_by_email(connection, later.normalize_email(account))
    if found is None:
        raise StartupError(f"account not found: {account}")
    return found.id


def _head(spelled: str) -> later.Anchor:
    try:
        return later.Anchor.of(spelled)
    except ValueError:
        raise StartupError(
            f"--expect takes a position, a colon and 64 hexadecimal digits, not {spelled}"
        ) from None


def _noted(settings: later.Settings) -> list[later.Anchor]:
    file = later.AnchorFile(settings.data_dir)
    try:
        noted = file.read()
    except ValueError:
        raise StartupError(f"{file.path} is damaged; move it away if you know the reason") from None
    return [noted] if noted is not None else []


def _with_database(settings: later.Settings, act: Callable[[later.Database], Coroutine[Any, Any, T]]) -> T:
    if not later.is_current(settings.sqlalchemy_url):
        raise StartupError("the database is unreachable or not up to date (python -m autograph_web migrate)")
    return asyncio.run(_acted(settings, act))


async def _acted(settings: later.Settings, act: Callable[[later.Database], Coroutine[Any, Any, T]]) -> T:
    database = later.Database(settings.sqlalchemy_url)
    try:
        return await act(database)
    except Unavailable:
        raise StartupError("the database is unreachable") from None
    finally:
        await database.close()


def _in_words(report: later.Report) -> str:
    lines = [f"{counted(report.checked, 'event')} verified"]
    if report.head is not None:
        lines.append(f"latest link: {report.head} (store it elsewhere: --expect {report.head})")
    if report.begins_after:
        lines.append(f"chain starts after link {report.begins_after} (older days were pruned)")
    if report.erased:
        lines.append(
            f"{counted(report.erased, 'event')} of deleted accounts (IP address and user agent erased)"
        )
    if report.waiting:
        since = later.moment(report.waiting_since) if report.waiting_since else ""
        lines.append(f"{counted(report.waiting, 'event')} not chained yet, oldest from {since}")
    if report.first is None:
        lines.append("the audit log is intact")
    else:
        more = f" (the first of {report.breaks})" if report.breaks > 1 else ""
        lines.append(f"BROKEN: {report.first}{more}")
    return "\n".join(f"autograph: {line}" for line in lines)


def _as_object(report: later.Report) -> dict[str, Any]:
    first = report.first
    return {
        "whole": report.whole,
        "checked": report.checked,
        "erased": report.erased,
        "waiting": report.waiting,
        "waiting_since": later.moment(report.waiting_since) if report.waiting_since else None,
        "begins_after": report.begins_after,
        "head": str(report.head) if report.head else None,
        "breaks": report.breaks,
        "first": first
        and {
            "kind": first.kind.value,
            "position": first.position,
            "audit_id": first.audit_id,
            "detail": first.kind.words,
        },
    }


def _utc(at: datetime | None) -> datetime | None:
    return at and (at if at.tzinfo else at.replace(tzinfo=UTC))


@contextmanager
def _writable(output: Path | None) -> Generator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def _progress(words: str) -> Generator[Tell]:
    """Show a progress bar on a terminal, and nothing otherwise."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(words, total=None)
        yield lambda seen, total: progress.update(task, completed=seen, total=total)


@contextmanager
def _undecided_when_it_cannot_be_told() -> Generator[None]:
    try:
        yield
    except (SettingsError, SecretError, StartupError, OSError) as error:
        _give_up(str(error))


def _give_up(reason: str) -> NoReturn:
    print(f"autograph: {reason}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(_UNDECIDED)
