"""Every use case that writes is carried out once, even if PostgreSQL aborts its first tries for conflicts.

Each is carried out for one user undisturbed, and for two others against a database that aborts the first
units of work (40001, then 40P01): at a write, and at the commit, when everything else has already happened.
"""

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.infra.errors import DomainError
from autograph_web.infra.telemetry.metrics import meters
from autograph_web.mail.store import OUTBOX
from tests.services.whole_product.writing_use_cases import CASES, Act, Case, Stage
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import RedisWindow
from tests.support.services.clock import FakeClock
from tests.support.services.conflicts import MOMENTS, Disturb, conflicts
from tests.support.services.factories import how_many, rows


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """SQLite lets one unit write at a time, so no conflict can occur."""
    return postgres_url


def hashes() -> float:
    """Return how many passwords this process has hashed or checked."""
    return sum(
        one.value
        for family in meters().hash_time.collect()
        for one in family.samples
        if one.name.endswith("_count")
    )


def _tries(window: RedisWindow) -> int:
    windows = [key for key in window.keys("*") if window.client.type(key) == b"zset"]
    return sum(window.client.zcard(key) for key in windows)


@dataclass
class Effects:
    """The number of each of the effects that a use case may have."""

    events: Counter[str]
    letters: int
    posted: int  # including decoys
    tries: int
    hashes: float

    @classmethod
    async def of(cls, services: Services, window: RedisWindow, mailbox: Mailbox) -> "Effects":
        return cls(
            Counter(row.kind for row in await rows(services, AUDIT)),
            len(mailbox.letters),
            await how_many(services, OUTBOX),
            _tries(window),
            hashes(),
        )

    def since(self, before: "Effects") -> "Effects":
        return Effects(
            self.events - before.events,
            self.letters - before.letters,
            self.posted - before.posted,
            self.tries - before.tries,
            self.hashes - before.hashes,
        )


async def outcome(act: Act) -> object:
    """Return the result of a use case, as far as a retry with a different outcome would change it."""
    try:
        result = await act
    except DomainError as error:
        return error.code
    # A count of what was revoked, or the limits that were reset; other results are new each time.
    return result if isinstance(result, int) or result == ["login"] else type(result)


@pytest.fixture
async def disturb(services: Services) -> AsyncGenerator[Disturb]:
    """Make PostgreSQL abort the first units of work of the awaited call."""
    async with conflicts(services) as disturb:
        yield disturb


@pytest.mark.parametrize("prepare", CASES, ids=lambda prepare: prepare.__name__)
async def test_it_is_carried_out_once_whatever_it_collides_with(
    services: Services,
    clock: FakeClock,
    mailbox: Mailbox,
    redis_window: RedisWindow,
    disturb: Disturb,
    prepare: Case,
) -> None:
    found: list[tuple[object, Effects]] = []
    for number, moment in enumerate((None, *MOMENTS)):
        act = await prepare(Stage(services, clock, mailbox, number))
        before = await Effects.of(services, redis_window, mailbox)
        if moment is None:
            came_to = await outcome(act)
        else:
            came_to, writes = await disturb(moment, outcome(act))
            assert writes > 2, f"it was not begun anew: {came_to}"
        found.append((came_to, (await Effects.of(services, redis_window, mailbox)).since(before)))
    undisturbed, *others = found
    assert others == [undisturbed] * len(MOMENTS)
