"""The whole product under a mixed load, while each of its dependencies freezes or dies and comes back.

Whatever happens: nothing acknowledged is lost, nothing revoked is accepted, guessing stays limited, every
response is clear and in time, and the product recovers by itself.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio

from autograph_web.accounts.chain_verification import chain_verifier_of
from autograph_web.infra.db.database import Database
from tests.faults.ledger import Ledger, letters_left, lost
from tests.faults.traffic import Refused, Traffic
from tests.faults.workload import STORIES, people_about
from tests.support.runner.retries import SECOND_TRY
from tests.support.servers.dependencies import Part, Stack, running_stack
from tests.support.services.factories import SECRET, WRONG, make_settings

WORKERS, ALLOWED = 2, 5
ALLOWED_WITHOUT_REDIS = WORKERS * (ALLOWED // WORKERS)
"""How many guesses at one account all workers together admit while each one counts alone."""
LONGEST_ANSWER_S, BACK_WITHIN_S = 5.0, 5.0
SLOWNESS = 3.0
"""The factor by which a slow machine may slow everything down."""
SEEN_WITHIN_S = 60.0
STORY_NAMES = [story.__name__ for story in STORIES]

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.slow,
    pytest.mark.xdist_group("faults"),
    SECOND_TRY,
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stack() -> AsyncGenerator[Stack]:
    """The product with two workers, PostgreSQL, Redis and a mail server."""
    settings = {
        "AUTOGRAPH_EMAIL_VERIFICATION": "off",  # the requested emails are enough load
        "AUTOGRAPH_LIMIT_LOGIN": f"{ALLOWED}/15m",
        "AUTOGRAPH_LIMIT_LOGIN_ACCOUNT": f"{ALLOWED}/15m",
        "AUTOGRAPH_SECRET_KEYS": SECRET,
        "AUTOGRAPH_WORKER_HEARTBEAT_TIMEOUT": "5",
    }
    async with running_stack(**settings) as running:
        yield running
        running.server.check_secrets()


@pytest_asyncio.fixture(loop_scope="module")
async def traffic(stack: Stack) -> AsyncGenerator[Traffic]:
    """The load, and its ledger."""
    made = Traffic(stack)
    yield made
    await made.close()


@pytest.mark.parametrize("fault", ["stall", "kill"])
@pytest.mark.parametrize("name", ["redis", "postgres", "post", "worker"])
async def test_a_part_goes_and_comes_back(stack: Stack, traffic: Traffic, name: str, fault: str) -> None:
    part: Part = getattr(stack, name)
    ledger = traffic.ledger
    async with people_about(traffic):
        await every_story(ledger, "is lived")
        await (part.stall() if fault == "stall" else part.kill())
        try:
            await everybody_has_met_it(stack, traffic, name)
        finally:
            await (part.go_on() if fault == "stall" else part.start())
        took = await recovery(stack, traffic)
        await every_story(ledger, "is lived again")
    if name == "worker":
        await seen("the log telling of another worker", stack.worker.is_replaced)
    if name == "post":
        await seen("every letter leaving", lambda: no_letter_is_left(stack))
    await seen("every session ended that was to be", lambda: nothing_lingers(traffic))
    await seen("the audit log being linked", lambda: every_row_is_linked(stack))

    print(
        f"\n{name} {fault}: {len(ledger.answers)} answers {ledger.statuses()},"
        f" cut off {dict(ledger.cut_off)}, guesses {dict(ledger.guesses)},"
        f" slowest {ledger.slowest.seconds:.1f} s ({ledger.slowest.call}), back after {took:.1f} s"
    )
    assert ledger.unclear() == []
    assert ledger.revived == []
    assert await missing(stack, ledger) == []
    assert 0 < ledger.guesses[401] <= ALLOWED + (ALLOWED_WITHOUT_REDIS if name == "redis" else 0)
    assert set(ledger.regular) == {200}
    assert ledger.slowest.seconds < LONGEST_ANSWER_S * SLOWNESS
    assert took < BACK_WITHIN_S * SLOWNESS
    if name != "worker":  # what only a worker holds is lost with it
        assert not ledger.cut_off


async def test_a_worker_that_dies_soon_after_it_took_anothers_place_is_replaced_as_well(
    stack: Stack, traffic: Traffic
) -> None:
    for _ in range(2):
        await stack.worker.kill()
        await seen("the log telling of another worker", stack.worker.is_replaced)

    await recovery(stack, traffic)


@pytest.mark.parametrize("fault", ["stall", "kill"])
async def test_without_redis_nobody_guesses_more_than_with_it(
    stack: Stack, traffic: Traffic, fault: str
) -> None:
    guess = await traffic.newcomer() | {"password": WRONG}
    await (stack.redis.stall() if fault == "stall" else stack.redis.kill())
    try:
        guesses = (traffic.ask("POST", "/login", json=guess) for _ in range(40))
        statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]
    finally:
        await (stack.redis.go_on() if fault == "stall" else stack.redis.start())

    assert 0 < statuses.count(401) <= ALLOWED_WITHOUT_REDIS
    assert set(statuses) <= {401, 429, 503}
    await recovery(stack, traffic)


async def every_story(ledger: Ledger, what: str) -> None:
    """Wait until every story has been completed once more."""
    before = ledger.finished.copy()
    await seen(f"every story {what}", lambda: all(ledger.finished[one] > before[one] for one in STORY_NAMES))


async def everybody_has_met_it(stack: Stack, traffic: Traffic, name: str) -> None:
    """Wait until every story has met the fault, and readiness has reported it to the operator."""
    if name == "worker":  # its requests are cut off, and it is replaced automatically
        await seen("the worker being gone", stack.worker.is_gone)
        return
    told = {"redis": "redis", "postgres": "database"}.get(name)
    if told:
        await seen("readiness telling what is away", lambda: is_told(traffic, told))
    begun = traffic.ledger.begun.copy()
    await seen(
        "everybody meeting it", lambda: all(traffic.ledger.begun[one] > begun[one] for one in STORY_NAMES)
    )


async def is_told(traffic: Traffic, part: str) -> bool:
    """Return True if readiness reports `part`, and no other, as unavailable."""
    checks = await traffic.ready()
    return {one for one, well in checks.items() if not well} == {part}


async def recovery(stack: Stack, traffic: Traffic) -> float:
    """Return how many seconds it takes until everything works for a new user."""
    began = time.monotonic()
    await seen("everything working again", lambda: works(stack, traffic))
    return time.monotonic() - began


async def works(stack: Stack, traffic: Traffic) -> bool:
    """Return True if every part is available, and a new user can sign in, open a page and get an email."""
    checks = await traffic.ready()
    person = await traffic.newcomer()
    await traffic.sign_in(person)
    await traffic.look_at_a_page()
    await traffic.link_for(person["email"])
    return all(checks.values()) and len(stack.server.workers()) == WORKERS


async def nothing_lingers(traffic: Traffic) -> bool:
    """Return True if every session whose revocation was answered `unfinished` has been revoked."""
    return not any([await traffic.opens(pair) for pair in traffic.ledger.dying[-8:]])


async def no_letter_is_left(stack: Stack) -> bool:
    """Return True if every email has been sent."""
    async with database_of(stack) as database, database.read() as connection:
        return await letters_left(connection) == 0


async def every_row_is_linked(stack: Stack) -> bool:
    """Return True if every row of the audit log is linked; the chain must be intact at any time."""
    async with database_of(stack) as database:
        report = await chain_verifier_of(make_settings(stack.server.data_dir).master_secrets, database).run()
    assert report.first is None
    return report.waiting == 0


async def missing(stack: Stack, ledger: Ledger) -> list[str]:
    """Return what was acknowledged and cannot be found."""
    async with database_of(stack) as database, database.read() as connection:
        return await lost(connection, ledger)


@asynccontextmanager
async def database_of(stack: Stack) -> AsyncGenerator[Database]:
    """Open the product's database for an inspection."""
    database = Database(stack.database_url)
    try:
        yield database
    finally:
        await database.close()


async def seen(what: str, happened: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until a condition holds; a refused request counts as not yet."""
    try:
        async with asyncio.timeout(SEEN_WITHIN_S):
            while not await _is_so(happened):  # noqa: ASYNC110  (the event is in other processes)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what} was not seen") from None


async def _is_so(happened: Callable[[], bool | Awaitable[bool]]) -> bool:
    with suppress(Refused):
        found = happened()
        return found if isinstance(found, bool) else await found
    return False
