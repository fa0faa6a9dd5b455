"""Interleaved loads, and how a row describes them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from tests.benchmarks.client import every
from tests.benchmarks.figures import Timed, spread
from tests.benchmarks.preparation import Prepared, Side
from tests.benchmarks.report import Goal
from tests.benchmarks.servers import Server

_T = TypeVar("_T")
_STEADY_S = 0.01  # between two requests of row E

Say = Callable[[str], None]
RunLoad = Callable[[Server, Side, int], Awaitable[Timed]]


@dataclass(frozen=True, slots=True)
class Effort:
    """The effort of a run: how many rounds, the seconds of load or the passwords in each, and so on."""

    rounds: int
    seconds: int
    hashing_rounds: int
    passwords: int
    starts: int
    many: int
    clicks: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One round of a load on one server, with the processor time per response there, in seconds."""

    timed: Timed
    cpu: float


async def by_turns(
    prepared: Prepared, effort: Effort, load: RunLoad, say: Say
) -> tuple[list[Turn], list[Turn]]:
    """Load the bare limit, the product, the bare limit, …; each is warmed up first."""
    sides = ((prepared.stack.bare, prepared.bare), (prepared.stack.ours, prepared.ours))
    turns: tuple[list[Turn], list[Turn]] = ([], [])
    for server, side in sides:
        await load(server, side, 1)
    for number in range(effort.rounds):
        for (server, side), done in zip(sides, turns, strict=True):
            done.append(await one_turn(server, load(server, side, effort.seconds)))
        limit, mine = turns[0][-1], turns[1][-1]
        say(
            f"{number + 1}/{effort.rounds}: {mine.timed.rate:,.0f}/s, p99 {mine.timed.p99 * 1e3:.1f} ms, "
            f"{mine.cpu * 1e6:.0f} µs; bare {limit.timed.rate:,.0f}/s, {limit.cpu * 1e6:.0f} µs"
        )
    return turns[1], turns[0]


async def one_turn(server: Server, load: Awaitable[Timed]) -> Turn:
    """Describe the result of a load, and the server's cost per response."""
    before = server.cpu_seconds()
    timed = await load
    return Turn(timed, (server.cpu_seconds() - before) / timed.answers)


async def steadily(
    server: Server, side: Side, meanwhile: Awaitable[_T], over: asyncio.Event
) -> tuple[Timed, _T]:
    """Read 100 times a second until `meanwhile` reports its end, or is done."""
    reader = asyncio.create_task(every(server.port, side.readings, _STEADY_S, over))
    try:
        result = await meanwhile
    finally:
        over.set()
        timed = await reader
    return timed, result


def described(turns: Sequence[Turn]) -> list[str]:
    """Rate, latencies and processor time in words, each with its spread."""
    timed = [turn.timed for turn in turns]
    processor = spread((turn.cpu for turn in turns), " µs", scale=1e6)
    return [spread((one.rate for one in timed), "/s"), waits(timed), f"{processor} of processor each"]


def waits(timed: Sequence[Timed]) -> str:
    """The latencies in words."""
    p50 = spread((one.p50 for one in timed), " ms", ".1f", 1e3)
    p99 = spread((one.p99 for one in timed), " ms", ".1f", 1e3)
    return f"p50 {p50}, p99 {p99}"


def ratios_of(ours: Sequence[Turn], limits: Sequence[Turn]) -> list[float]:
    """The ratios of the rates, round by round."""
    return [mine.timed.rate / limit.timed.rate for mine, limit in zip(ours, limits, strict=True)]


def share_goal(ratios: Sequence[float], least: int, limit: int) -> Goal:
    """A rate required on a machine with a known bare limit: on any other machine the share counts."""
    share = f"{least / limit:.2f}".lstrip("0")
    return Goal(f"≥ {share} of bare ({least:,}/s where bare does {limit:,})", median(ratios) >= least / limit)


def p99_goal(timed: Sequence[Timed], most: int) -> Goal:
    """A latency that 99 of 100 requests do not exceed; users notice it, so the machine is no excuse."""
    return Goal(f"p99 ≤ {most} ms", median(one.p99 for one in timed) * 1e3 <= most)
