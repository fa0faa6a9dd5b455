"""The rows of the table: each measures the product and its bare limit alternately and compares them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import median

from tests.benchmarks.clicks import wrong_passwords
from tests.benchmarks.client import for_answers, for_seconds
from tests.benchmarks.exchanges import Reading
from tests.benchmarks.figures import Timed, spread
from tests.benchmarks.interleaving import (
    Effort,
    Say,
    Turn,
    by_turns,
    described,
    one_turn,
    p99_goal,
    ratios_of,
    share_goal,
    steadily,
    waits,
)
from tests.benchmarks.many_accounts import add_accounts
from tests.benchmarks.preparation import CONNECTIONS, Prepared, Side
from tests.benchmarks.report import Goal, Row
from tests.benchmarks.servers import HASH_THREADS, WORKERS, Server, bare, product
from tests.benchmarks.two_step import TwoStepLogin, prepare_phones
from tests.benchmarks.wrk import read

_LOGINS_IN_FLIGHT = 8
_FEW = 1_000  # accounts of row G's smaller side
_HASHES_AT_ONCE = WORKERS * HASH_THREADS

FULL = Effort(rounds=5, seconds=2, hashing_rounds=3, passwords=40, starts=3, many=100_000, clicks=11)
QUICK = Effort(rounds=3, seconds=1, hashing_rounds=3, passwords=8, starts=1, many=20_000, clicks=3)


async def row_a(prepared: Prepared, effort: Effort, say: Say) -> Row:
    """Return the principal of a bearer token: the first step of every request of every client."""

    async def load(server: Server, side: Side, seconds: int) -> Timed:
        return await read(server.port, side.readings, CONNECTIONS, seconds)

    ours, bare_ = await by_turns(prepared, effort, load, lambda line: say(f"A {line}"))
    ratios = ratios_of(ours, bare_)
    return Row(
        "A",
        f"`GET /me`, bearer token, {CONNECTIONS} connections",
        described(ours),
        described(bare_),
        ratios,
        [
            share_goal(ratios, 6_000, 10_279),
            p99_goal([turn.timed for turn in ours], 10),
            Goal("≥ .55 of bare", median(ratios) >= 0.55),
        ],
    )


async def row_b(prepared: Prepared, effort: Effort, say: Say) -> Row:
    """Sign in: the hash is the work, everything else is overhead."""
    port, ours, raw = prepared.stack.ours.port, list[Timed](), list[float]()
    for turn in range(effort.hashing_rounds):
        raw.append(await prepared.hashing.rate(effort.passwords))
        ours.append(await for_answers(port, prepared.logins, effort.passwords, _HASHES_AT_ONCE))
        say(f"B {turn + 1}/{effort.hashing_rounds}: {ours[-1].rate:.2f} logins/s, {raw[-1]:.2f} hashes/s")
    same = [replace(prepared.logins[0]) for _ in range(CONNECTIONS)]
    together = await for_answers(port, same, effort.passwords, _HASHES_AT_ONCE)
    say(f"B one address and account: {together.rate:.2f} logins/s, none refused")
    ratios = [one.rate / limit for one, limit in zip(ours, raw, strict=True)]
    return Row(
        "B",
        f"`POST /login`, correct password, bcrypt cost 12, {CONNECTIONS} connections",
        [
            spread((one.rate for one in ours), "/s", ".2f"),
            waits(ours),
            f"one address, one account: {together.rate:.2f}/s",
        ],
        [f"{spread(raw, ' hashes/s', '.2f')} in {WORKERS} × {HASH_THREADS} threads"],
        ratios,
        [Goal("≥ .95 of raw hashes", median(ratios) >= 0.95)],
    )


async def row_c(prepared: Prepared, effort: Effort, say: Say) -> Row:
    """Rotate refresh tokens, each connection those of its own family."""

    async def load(server: Server, side: Side, seconds: int) -> Timed:
        return await for_seconds(server.port, side.rotations, seconds)

    ours, bare_ = await by_turns(prepared, effort, load, lambda line: say(f"C {line}"))
    ratios = ratios_of(ours, bare_)
    return Row(
        "C",
        f"`POST /refresh`, rotation committed to PostgreSQL, {CONNECTIONS} connections",
        described(ours),
        [*described(bare_), "rotates in Redis only"],
        ratios,
        [share_goal(ratios, 1_500, 6_098), p99_goal([turn.timed for turn in ours], 20)],
    )


async def row_d(prepared: Prepared, effort: Effort, say: Say) -> Row:
    """Sign in with password and code: like B, with the second step on top."""
    port, ours, raw = prepared.stack.ours.port, list[float](), list[float]()
    # Every account has two codes to sign in with; those in flight at either end of a round use some up.
    count = effort.hashing_rounds * (effort.passwords + 2 * CONNECTIONS) // 2
    say(f"D: turning two-step verification on for {count} accounts")
    phones = await prepare_phones(port, count)
    for turn in range(effort.hashing_rounds):
        raw.append(await prepared.hashing.rate(effort.passwords))
        exchanges = [TwoStepLogin(phones) for _ in range(CONNECTIONS)]
        # One sign-in is two responses.
        timed = await for_answers(port, exchanges, 2 * effort.passwords, 2 * _HASHES_AT_ONCE)
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


async def row_e(prepared: Prepared, effort: Effort, say: Say) -> Row:
    """Stay fast for signed-in users while others sign in."""
    raw, beside, floors, ours, logins = (
        list[float](),
        list[float](),
        list[Timed](),
        list[Timed](),
        list[Timed](),
    )
    port, exchanges = prepared.stack.ours.port, prepared.logins[:_LOGINS_IN_FLIGHT]
    for turn in range(effort.hashing_rounds):
        raw.append(await prepared.hashing.rate(effort.passwords))
        hashes, over = prepared.hashing.rate(effort.passwords), asyncio.Event()
        floor, hashed = await steadily(prepared.stack.bare, prepared.bare, hashes, over)
        over = asyncio.Event()
        load = for_answers(port, exchanges, effort.passwords, _HASHES_AT_ONCE, over)
        mine, login = await steadily(prepared.stack.ours, prepared.ours, load, over)
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
        [waits(ours), spread((login.rate for login in logins), " logins/s", ".2f")],
        [
            waits(floors),
            f"{spread(raw, ' hashes/s', '.2f')} without the reader",
            f"{spread(beside, ' hashes/s', '.2f')} beside it",
        ],
        ratios,
        [p99_goal(ours, 10), Goal("logins ≥ .93 of raw hashes", median(ratios) >= 0.93)],
    )


async def row_g(prepared: Prepared, effort: Effort, say: Say) -> Row:
    """Do the same as A with many accounts: what is stored of others must not slow any request down."""
    port, sides = prepared.stack.ours.port, list[list[Reading]]()
    for count in (_FEW, effort.many):
        say(f"G: adding {count:,} accounts with a session each")
        # The load generator stores and prepares as much for few accounts as for many.
        sides.append(await add_accounts(prepared.stack, count) * (effort.many // count))
    few, many = list[Turn](), list[Turn]()
    for readings in sides:
        await read(port, readings, CONNECTIONS, 1)
    pairs = list(zip(sides, (few, many), strict=True))
    for number in range(effort.rounds):
        # Each comes first as often as the other: what one leaves behind must not count against the next.
        for readings, done in pairs[:: 1 if number % 2 else -1]:
            done.append(
                await one_turn(prepared.stack.ours, read(port, readings, CONNECTIONS, effort.seconds))
            )
        rates = f"{many[-1].timed.rate:,.0f}/s, of {_FEW:,} {few[-1].timed.rate:,.0f}/s"
        say(f"G {number + 1}/{effort.rounds}: {rates}")
    ratios = ratios_of(many, few)
    return Row(
        "G",
        f"A for any of {effort.many:,} users and sessions, beside any of {_FEW:,}",
        described(many),
        [*described(few), f"the product, with {_FEW:,}"],
        ratios,
        [Goal("≤ 5 % loss", median(ratios) >= 0.95)],
    )


async def row_i(prepared: Prepared, effort: Effort, say: Say) -> Row:
    """Show a user at a page that the password is wrong, hardly later than the server knows it."""
    say(f"I: typing {effort.clicks} wrong passwords")
    waits = await wrong_passwords(f"http://localhost:{prepared.stack.ours.port}", effort.clicks)
    # One in each process, so that none waits for another.
    hashes = [WORKERS / await prepared.hashing.rate(WORKERS) for _ in range(effort.clicks)]
    beyond = median(waits) - median(hashes)
    return Row(
        "I",
        "From the click to the words, of a wrong password on the sign-in page",
        [spread(waits, " ms", scale=1e3), f"{beyond * 1e3:.0f} ms beyond the hash"],
        [f"{spread(hashes, ' ms', scale=1e3)} a hash"],
        [],
        [Goal("≤ 50 ms beyond the hash", beyond <= 0.05)],
    )


async def row_f(prepared: Prepared, effort: Effort, say: Say) -> Row:
    """Start fast and stay small; comes last, when the workers have handled everything."""
    stack, ours, bare_ = prepared.stack, list[float](), list[float]()
    for turn in range(effort.starts):
        with bare(stack.folder, stack.redis_url) as server:
            bare_.append(server.start_seconds)
        with product(stack.folder, stack.database_url, stack.redis_url, stack.secret) as server:
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


ROWS: dict[str, Callable[[Prepared, Effort, Say], Awaitable[Row]]] = {
    "A": row_a,
    "B": row_b,
    "C": row_c,
    "D": row_d,
    "E": row_e,
    "G": row_g,
    "I": row_i,
    "F": row_f,
}
