"""The whole product under a mixed load, while each part it leans on freezes or dies and comes back.

Whatever happens: nothing acknowledged is lost, nothing revoked works, every answer is a clear one and comes
in time, and the product recovers by itself.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine

from tests.faults.ledger import Ledger, lost
from tests.faults.traffic import Refused, Traffic, flowing
from tests.support.factories import PASSWORD, WRONG
from tests.support.parts import Part, Stack, running_stack

LONGEST_ANSWER_S = 15.0
"""Twice what any answer may take, for machines that have better things to do."""
WORKERS = 2
BACK_WITHIN_S = 5.0
SLOWNESS = 3.0
"""How much slower than ours a machine may be before a recovery counts as too late."""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.slow,
    pytest.mark.xdist_group("faults"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stack() -> AsyncGenerator[Stack]:
    """The product with two workers, PostgreSQL, Redis and a mail server."""
    async with running_stack(AUTOGRAPH_WORKER_SILENCE_SECONDS="5") as running:
        yield running
        running.server.check_secrets()


@pytest_asyncio.fixture(loop_scope="module")
async def traffic(stack: Stack) -> AsyncGenerator[Traffic]:
    """The load, and its ledger."""
    made = Traffic(stack, Ledger())
    yield made
    await made.close()


@pytest.mark.parametrize("fault", ["stall", "kill"])
@pytest.mark.parametrize("name", ["redis", "postgres", "post", "worker"])
async def test_a_part_goes_and_comes_back(stack: Stack, traffic: Traffic, name: str, fault: str) -> None:
    part: Part = getattr(stack, name)
    ledger = traffic.ledger
    async with flowing(traffic):
        await seen("a whole life", lambda: any(kind == "logout_all" for _, kind in ledger.events))
        await (part.stall() if fault == "stall" else part.kill())
        try:
            told = await during(traffic, name, seconds=6 if (name, fault) == ("postgres", "stall") else 3)
        finally:
            await (part.go_on() if fault == "stall" else part.start())
        took = await recovery(stack, traffic)
        before = ledger.events.total()
        await seen("life going on", lambda: ledger.events.total() > before + 20)
    await traffic.try_what_is_dead()

    slowest = ledger.longest
    print(
        f"\n{name} {fault}: {len(ledger.answers)} answers {ledger.statuses()},"
        f" cut off {dict(ledger.cut_off)}, slowest {slowest.seconds:.1f} s ({slowest.call}),"
        f" back after {took:.1f} s"
    )
    assert ledger.faults() == []
    assert ledger.revived == []
    assert await missing(stack, ledger) == []
    assert told
    if name != "worker":  # what a worker holds when it goes is gone with it
        assert not ledger.cut_off
        assert slowest.seconds < LONGEST_ANSWER_S
    assert took < BACK_WITHIN_S * SLOWNESS


@pytest.mark.parametrize("fault", ["stall", "kill"])
async def test_without_redis_nobody_guesses_more_than_with_it(
    stack: Stack, traffic: Traffic, fault: str
) -> None:
    person = {"email": f"guessed-{fault}@northwind.dev", "password": PASSWORD}
    await traffic.done("POST", "/register", json=person)
    await (stack.redis.stall() if fault == "stall" else stack.redis.kill())
    try:
        guesses = (traffic.ask("POST", "/login", json=person | {"password": WRONG}) for _ in range(60))
        answers = await asyncio.gather(*guesses)
    finally:
        await (stack.redis.go_on() if fault == "stall" else stack.redis.start())
    statuses = [answer.status_code for answer in answers]

    # Each of the two workers allows its half of five, rounded down.
    print(f"\nredis {fault}: {statuses.count(401)} of 60 guesses were looked at")
    assert statuses.count(401) <= 4
    assert set(statuses) <= {401, 429, 503}
    await recovery(stack, traffic)


async def during(traffic: Traffic, name: str, seconds: float) -> bool:
    """Look on for a while; tell whether readiness told, in time, of the part that is away."""
    part, told = {"postgres": "database"}.get(name, name), name in ("post", "worker")
    end = time.monotonic() + seconds
    while time.monotonic() < end or not told:
        with suppress(Refused):
            checks = await traffic.ready()
            told = told or (
                checks.get(part) is False and all(up for one, up in checks.items() if one != part)
            )
        await asyncio.sleep(0.2)
        if time.monotonic() > end + LONGEST_ANSWER_S:
            break
    return told


async def recovery(stack: Stack, traffic: Traffic) -> float:
    """Return how many seconds it takes until everything works for somebody new."""
    began = time.monotonic()
    async with asyncio.timeout(60):
        while not await works(stack, traffic):  # noqa: ASYNC110  (the event is in other processes)
            await asyncio.sleep(0.05)
    return time.monotonic() - began


async def works(stack: Stack, traffic: Traffic) -> bool:
    """Tell whether every part is there, and an account can be had and a page looked at."""
    person = {"email": f"back{time.monotonic_ns()}@northwind.dev", "password": PASSWORD}
    try:
        checks = await traffic.ready()
        await traffic.done("POST", "/register", json=person)
        await traffic.done("POST", "/login", json=person)
        await traffic.look_at_a_page()
    except Refused:
        return False
    return all(checks.values()) and len(stack.server.workers()) == WORKERS


async def seen(what: str, happened: Callable[[], bool]) -> None:
    """Wait until something has happened at least once."""
    try:
        async with asyncio.timeout(60):
            while not happened():  # noqa: ASYNC110  (the event is in other processes)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what} was not seen") from None


async def missing(stack: Stack, ledger: Ledger) -> list[str]:
    """Return what was acknowledged and is nowhere to be found."""
    engine = create_async_engine(stack.database_url)
    try:
        async with engine.connect() as connection:
            return await lost(connection, ledger)
    finally:
        await engine.dispose()
