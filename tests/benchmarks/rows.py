"""The rows of the table: each measures the product and its bare limit by turns and compares them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TypeVar

from tests.benchmarks.client import every, for_answers, for_seconds
from tests.benchmarks.figures import Timed, spread
from tests.benchmarks.report import Goal, Row
from tests.benchmarks.scene import CONNECTIONS, Scene, Side
from tests.benchmarks.servers import HASH_THREADS, WORKERS, Server, bare, product
from tests.benchmarks.two_step import TwoStepLogin, prepare_phones
from tests.benchmarks.wrk import read

_T = TypeVar("_T")
_STEADY_S = 0.01  # between two requests of row E
_LOGINS_IN_FLIGHT = 8
_HASHES_AT_ONCE = WORKERS * HASH_THREADS


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a run takes: how many turns, and in each the seconds of load or the passwords."""

    rounds: int
    seconds: int
    hashing_rounds: int
    passwords: int
    starts: int


FULL = Effort(rounds=5, seconds=2, hashing_rounds=3, passwords=40, starts=3)
QUICK = Effort(rounds=3, seconds=1, hashing_rounds=3, passwords=8, starts=1)

Say = Callable[[str], None]
RunLoad = Callable[[Server, Side, int], Awaitable[Timed]]


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn of a load on one server, with the processor time an answer took there, in seconds."""

    timed: Timed
    cpu: float


async def row_a(scene: Scene, effort: Effort, say: Say) -> Row:
    """Tell who a bearer token stands for: what every request of every client begins with."""

    async def load(server: Server, side: Side, seconds: int) -> Timed:
        return await read(server.port, side.readings, CONNECTIONS, seconds)

    ours, bare_ = await _by_turns(scene, effort, load, lambda line: say(f"A {line}"))
    ratios = _ratios(ours, bare_)
    return Row(
        "A",
        f"`GET /me`, bearer token, {CONNECTIONS} connections",
        _described(ours),
        _described(bare_),
        ratios,
        [
            _rate_goal(ours, 6_000),
            _p99_goal([turn.timed for turn in ours], 10),
            Goal("≥ .55 of bare", median(ratios) >= 0.55),
        ],
    )


async def row_b(scene: Scene, effort: Effort, say: Say) -> Row:
    """Sign in: the hash is the work, everything else is overhead."""
    port, ours, raw = scene.stack.ours.port, list[Timed](), list[float]()
    for turn in range(effort.hashing_rounds):
        raw.append(await scene.hashing.rate(effort.passwords))
        ours.append(await for_answers(port, scene.logins, effort.passwords, _HASHES_AT_ONCE))
        say(f"B {turn + 1}/{effort.hashing_rounds}: {ours[-1].rate:.2f} logins/s, {raw[-1]:.2f} hashes/s")
    same = [replace(scene.logins[0]) for _ in range(CONNECTIONS)]
    together = await for_answers(port, same, effort.passwords, _HASHES_AT_ONCE)
    say(f"B one address and account: {together.rate:.2f} logins/s, none refused")
    ratios = [one.rate / limit for one, limit in zip(ours, raw, strict=True)]
    return Row(
        "B",
        f"`POST /login`, correct password, bcrypt cost 12, {CONNECTIONS} connections",
        [
            spread((one.rate for one in ours), "/s", ".2f"),
            _waits(ours),
            f"one address, one account: {together.rate:.2f}/s",
        ],
        [f"{spread(raw, ' hashes/s', '.2f')} in {WORKERS} × {HASH_THREADS} threads"],
        ratios,
        [Goal("≥ .95 of raw hashes", median(ratios) >= 0.95)],
    )


async def row_c(scene: Scene, effort: Effort, say: Say) -> Row:
    """Rotate refresh tokens, each connection those of its own family."""

    async def load(server: Server, side: Side, seconds: int) -> Timed:
        return await for_seconds(server.port, side.rotations, seconds)

    ours, bare_ = await _by_turns(scene, effort, load, lambda line: say(f"C {line}"))
    return Row(
        "C",
        f"`POST /refresh`, rotation committed to PostgreSQL, {CONNECTIONS} connections",
        _described(ours),
        [*_described(bare_), "rotates in Redis only"],
        _ratios(ours, bare_),
        [_rate_goal(ours, 1_500), _p99_goal([turn.timed for turn in ours], 20)],
    )


async def row_d(scene: Scene, effort: Effort, say: Say) -> Row:
    """Sign in with password and code: as B, with the second step on top."""
    port, ours, raw = scene.stack.ours.port, list[float](), list[float]()
    # Every account has two codes to sign in with; those in flight at either end of a turn use some up.
    count = effort.hashing_rounds * (effort.passwords + 2 * CONNECTIONS) // 2
    say(f"D: turning two-step verification on for {count} accounts")
    phones = await prepare_phones(port, count)
    for turn in range(effort.hashing_rounds):
        raw.append(await scene.hashing.rate(effort.passwords))
        talks = [TwoStepLogin(phones) for _ in range(CONNECTIONS)]
        # A sign-in is two answers.
        timed = await for_answers(port, talks, 2 * effort.passwords, 2 * _HASHES_AT_ONCE)
        ours.append(timed.rate / 2)
        say(f"D {turn + 1}/{effort.hashing_rounds}: {ours[-1]:.2f} logins/s, {raw[-1]:.2f} hashes/s")
    ratios = [one / limit for one, limit in zip(ours, raw, strict=True)]
    return Row(
        "D",
        f"`POST /login` and `POST /mfa/verify`, a new code each time, {CONNECTIONS} connections",
        [spread(ours, " sign-ins/s", ".2f")],
        [f"{spread(raw, ' hashes/s', '.2f')} in {WORKERS} × {HASH_THREADS} threads"],
        ratios,
        [Goal("≥ .95 of raw hashes", median(ratios) >= 0.95)],
    )


async def row_e(scene: Scene, effort: Effort, say: Say) -> Row:
    """Stay quick for those who are signed in while others sign in."""
    raw, beside, floors, ours, logins = (
        list[float](),
        list[float](),
        list[Timed](),
        list[Timed](),
        list[Timed](),
    )
    port, talks = scene.stack.ours.port, scene.logins[:_LOGINS_IN_FLIGHT]
    for turn in range(effort.hashing_rounds):
        raw.append(await scene.hashing.rate(effort.passwords))
        hashes, over = scene.hashing.rate(effort.passwords), asyncio.Event()
        floor, hashed = await _steadily(scene.stack.bare, scene.bare, hashes, over)
        over = asyncio.Event()
        load = for_answers(port, talks, effort.passwords, _HASHES_AT_ONCE, over)
        mine, login = await _steadily(scene.stack.ours, scene.ours, load, over)
        floors.append(floor)
        beside.append(hashed)
        ours.append(mine)
        logins.append(login)
        say(
            f"E {turn + 1}: p99 {mine.p99 * 1e3:.1f} ms, bare {floor.p99 * 1e3:.1f} ms; "
            f"{login.rate:.2f} logins/s, {raw[-1]:.2f} hashes/s, {hashed:.2f} beside the bare reader"
        )
    ratios = [login.rate / limit for login, limit in zip(logins, raw, strict=True)]
    return Row(
        "E",
        f"`GET /me` at 100/s while {_LOGINS_IN_FLIGHT} logins are in flight",
        [_waits(ours), spread((login.rate for login in logins), " logins/s", ".2f")],
        [
            _waits(floors),
            f"{spread(raw, ' hashes/s', '.2f')} without the reader",
            f"{spread(beside, ' hashes/s', '.2f')} beside it",
        ],
        ratios,
        [_p99_goal(ours, 10), Goal("logins ≥ .93 of raw hashes", median(ratios) >= 0.93)],
    )


async def row_f(scene: Scene, effort: Effort, say: Say) -> Row:
    """Start quickly and stay small; comes last, when the workers have seen everything."""
    stack, ours, bare_ = scene.stack, list[float](), list[float]()
    for turn in range(effort.starts):
        with bare(stack.folder, stack.redis_url) as server:
            bare_.append(server.start_seconds)
        with product(stack.folder, stack.database_url, stack.redis_url) as server:
            ours.append(server.start_seconds)
        say(f"F {turn + 1}/{effort.starts}: live after {ours[-1]:.2f} s (bare {bare_[-1]:.2f} s)")
    megabytes = stack.ours.worker_memory() / 1e6
    return Row(
        "F",
        "From the command to the first answer of `/health/live`; memory of a worker after the run (RSS)",
        [spread(ours, " s", ".2f"), f"{megabytes:.0f} MB"],
        [spread(bare_, " s", ".2f"), f"{stack.bare.worker_memory() / 1e6:.0f} MB"],
        [],
        [Goal("≤ 1.5 s", median(ours) <= 1.5), Goal("≤ 150 MB", megabytes <= 150)],
    )


async def _by_turns(scene: Scene, effort: Effort, load: RunLoad, say: Say) -> tuple[list[_Turn], list[_Turn]]:
    """Load the bare limit, the product, the bare limit, …; each is warmed up first."""
    sides = ((scene.stack.bare, scene.bare), (scene.stack.ours, scene.ours))
    turns: tuple[list[_Turn], list[_Turn]] = ([], [])
    for server, side in sides:
        await load(server, side, 1)
    for number in range(effort.rounds):
        for (server, side), done in zip(sides, turns, strict=True):
            before = server.cpu_seconds()
            timed = await load(server, side, effort.seconds)
            done.append(_Turn(timed, (server.cpu_seconds() - before) / timed.answers))
        limit, mine = turns[0][-1], turns[1][-1]
        say(
            f"{number + 1}/{effort.rounds}: {mine.timed.rate:,.0f}/s, p99 {mine.timed.p99 * 1e3:.1f} ms, "
            f"{mine.cpu * 1e6:.0f} µs; bare {limit.timed.rate:,.0f}/s, {limit.cpu * 1e6:.0f} µs"
        )
    return turns[1], turns[0]


async def _steadily(
    server: Server, side: Side, meanwhile: Awaitable[_T], over: asyncio.Event
) -> tuple[Timed, _T]:
    """Read 100 times a second until `meanwhile` says that it is over, or is."""
    reader = asyncio.create_task(every(server.port, side.readings, _STEADY_S, over))
    try:
        result = await meanwhile
    finally:
        over.set()
        timed = await reader
    return timed, result


def _described(turns: Sequence[_Turn]) -> list[str]:
    timed = [turn.timed for turn in turns]
    processor = spread((turn.cpu for turn in turns), " µs", scale=1e6)
    return [spread((one.rate for one in timed), "/s"), _waits(timed), f"{processor} of processor each"]


def _waits(timed: Sequence[Timed]) -> str:
    p50 = spread((one.p50 for one in timed), " ms", ".1f", 1e3)
    p99 = spread((one.p99 for one in timed), " ms", ".1f", 1e3)
    return f"p50 {p50}, p99 {p99}"


def _ratios(ours: Sequence[_Turn], limits: Sequence[_Turn]) -> list[float]:
    return [mine.timed.rate / limit.timed.rate for mine, limit in zip(ours, limits, strict=True)]


def _rate_goal(turns: Sequence[_Turn], least: int) -> Goal:
    return Goal(f"≥ {least:,}/s", median(turn.timed.rate for turn in turns) >= least)


def _p99_goal(timed: Sequence[Timed], most: int) -> Goal:
    return Goal(f"p99 ≤ {most} ms", median(one.p99 for one in timed) * 1e3 <= most)


ROWS: dict[str, Callable[[Scene, Effort, Say], Awaitable[Row]]] = {
    "A": row_a,
    "B": row_b,
    "C": row_c,
    "D": row_d,
    "E": row_e,
    "F": row_f,
}
