"""Run the benchmark and print its table: `python -m tests.benchmarks [--quick] [--rows A,C] [--out FILE]`."""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.benchmarks.client import Wrong
from tests.benchmarks.hashing import hashing
from tests.benchmarks.measurements import FULL, QUICK, ROWS, Effort
from tests.benchmarks.preparation import prepare
from tests.benchmarks.report import Row, machine, put_into, table
from tests.benchmarks.servers import HASH_THREADS, WORKERS, stack
from tests.benchmarks.wrk import generator

_START = time.monotonic()


def main() -> None:
    arguments = _arguments()
    try:
        measured = uvloop.run(_measure(arguments.rows, QUICK if arguments.quick else FULL))
    except* (Wrong, TimeoutError, OSError) as group:
        print(f"bench: the run is void: {group.exceptions[0]!r}", file=sys.stderr)
        sys.exit(1)
    text = f"{table(measured)}\n\n{_circumstances(quick=arguments.quick)}"
    print(f"\n{text}")
    if arguments.out:
        put_into(arguments.out, text)


async def _measure(letters: list[str], effort: Effort) -> list[Row]:
    _say("starting PostgreSQL, Redis, the product and the bare limits")
    with stack() as servers:
        async with hashing(WORKERS, HASH_THREADS) as hashes:
            _say("registering accounts and signing them in")
            prepared = await prepare(servers, hashes)
            return [await ROWS[letter](prepared, effort, _say) for letter in letters]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="shorter turns and fewer of them, under a minute"
    )
    parser.add_argument("--rows", type=_letters, default=list(ROWS), help="some rows only, such as A,C")
    parser.add_argument("--out", type=Path, help="a document to put the table into, between its markers")
    return parser.parse_args()


def _letters(text: str) -> list[str]:
    asked = {letter.strip().upper() for letter in text.split(",")}
    if unknown := asked - set(ROWS):
        raise argparse.ArgumentTypeError(
            f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}"
        )
    # Always in this order: the last row inspects what the others have left behind.
    return [letter for letter in ROWS if letter in asked]


def _circumstances(*, quick: bool) -> str:
    return (
        f"{'A quick run' if quick else 'A full run'} on {datetime.now(UTC):%Y-%m-%d}: {machine()}; "
        f"{WORKERS} workers, PostgreSQL, Redis and the load generator ({generator()} for A) share these. "
        "Median (least–greatest) of the turns; every answer was checked, none was wrong or refused."
    )


def _say(line: str) -> None:
    print(f"bench {time.monotonic() - _START:5.0f} s: {line}", flush=True)


if __name__ == "__main__":
    main()
