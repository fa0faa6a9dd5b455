"""The table of a run, and its place in a document."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import spread

BEGIN = "<!-- measured by `make bench`: begin -->"
END = "<!-- measured by `make bench`: end -->"
_HEAD = ("", "measure", "AutoGraph", "bare limit of this machine", "ratio", "target")


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing a row is to reach, and whether it did."""

    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what was measured on the product and on the bare limit, and their ratio turn by turn."""

    letter: str
    measure: str
    ours: Sequence[str]
    bare: Sequence[str]
    ratios: Sequence[float]
    goals: Sequence[Goal]


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [_HEAD, ("---",) * len(_HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def machine() -> str:
    """What the run ran on."""
    return f"{os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}"


def put_into(document: Path, text: str) -> None:
    """Replace what stands between the markers of `document`."""
    before, begun, rest = document.read_text().partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"{document} lacks the markers the table goes between")
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def _cells(row: Row) -> tuple[str, ...]:
    goals = [f"{'✓' if goal.met else '✗'} {goal.text}" for goal in row.goals]
    ratio = spread(row.ratios, form=".2f") if row.ratios else "–"
    return (row.letter, row.measure, "<br>".join(row.ours), "<br>".join(row.bare), ratio, "<br>".join(goals))


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
