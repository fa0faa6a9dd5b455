"""The table of a run, and its place in a document."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import spread

COMMAND = "make bench"
_HEAD = ("", "measure", "AutoGraph", "bare limit of this machine", "ratio", "target")


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal of a row, and whether it was reached."""

    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what was measured on the product and on the bare limit, and their ratio round by round."""

    letter: str
    measure: str
    ours: Sequence[str]
    bare: Sequence[str]
    ratios: Sequence[float]
    goals: Sequence[Goal]


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    return markdown(_HEAD, [_cells(row) for row in sorted(rows, key=lambda row: row.letter)])


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def marked(goals: Iterable[Goal]) -> str:
    """The goals in one cell, each with whether it was reached."""
    return "<br>".join(f"{'✓' if goal.met else '✗'} {goal.text}" for goal in goals)


def machine() -> str:
    """The machine and programs of the run."""
    return f"{os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}"


def markers(command: str) -> tuple[str, str]:
    """The lines before and after the table that a command writes."""
    return f"<!-- measured by `{command}`: begin -->", f"<!-- measured by `{command}`: end -->"


def put_into(document: Path, text: str, command: str = COMMAND) -> None:
    """Replace the text between the markers of `document`."""
    begin, end = markers(command)
    before, begun, rest = document.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"{document} lacks the markers the table goes between")
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def _cells(row: Row) -> tuple[str, ...]:
    ratio = spread(row.ratios, form=".2f") if row.ratios else "–"
    return (row.letter, row.measure, "<br>".join(row.ours), "<br>".join(row.bare), ratio, marked(row.goals))


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
