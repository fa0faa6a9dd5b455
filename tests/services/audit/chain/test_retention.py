"""Old days of the audit log are deleted under a seal that protects the remaining rows, on both databases."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from autograph_web.audit.chain.anchor import AnchorFile
from autograph_web.audit.chain.store import CHECKPOINTS
from autograph_web.audit.chain.verifier import Break
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.lifespan import apply_audit_retention
from autograph_web.settings import Settings
from tests.services.audit.chain.helpers import check, days_of_events, happen, links, run
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import context, how_many, rows


async def test_old_days_go_and_the_rest_holds(services: Services, clock: FakeClock) -> None:
    await days_of_events(services, clock, 5)
    noted = AnchorFile(services.settings.data_dir).read()
    assert noted is not None
    assert await services.audit_chain.forget_before((clock.now() - timedelta(days=2)).date()) == 9
    assert await services.audit_chain.forget_before((clock.now() - timedelta(days=2)).date()) == 0

    assert [link.position for link in await links(services)] == [10, 11, 12, 13, 14, 15]
    assert sorted(row.id for row in await rows(services, AUDIT)) == [10, 11, 12, 13, 14, 15]
    report = await check(services, noted)
    assert (report.whole, report.checked, report.begins_after) == (True, 6, 9)
    await happen(services)
    await services.audit_chain.link_all()
    assert await services.audit_chain.forget_before((clock.now() - timedelta(days=1)).date()) == 3
    assert [left.position for left in await rows(services, CHECKPOINTS)] == [12]
    assert (await check(services, noted)).whole


async def test_the_last_day_stays_whatever_its_age(services: Services, clock: FakeClock) -> None:
    await days_of_events(services, clock, 2)
    clock.advance(400 * 86_400)
    assert await services.audit_chain.forget_before(clock.now().date()) == 3
    assert await services.audit_chain.forget_before(clock.now().date()) == 0
    await happen(services)
    await services.audit_chain.link_all()
    assert max(row.id for row in await rows(services, AUDIT)) == 7
    assert (await check(services)).whole


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE audit_checkpoints SET day = '2001-01-01'", Break.CHECKPOINT_FORGED),
        ("UPDATE audit_checkpoints SET digest = seal", Break.CHECKPOINT_FORGED),
        ("UPDATE audit_checkpoints SET position = position + 1", Break.CHECKPOINT_FORGED),
        ("UPDATE audit_checkpoints SET kid = 'x'", Break.KEY_MISSING),
        ("DELETE FROM audit_checkpoints", Break.LINK_MISSING),
        ("DELETE FROM audit_chain", Break.END_CUT),
        ("DELETE FROM audit_chain WHERE position = 4", Break.LINK_MISSING),
    ],
)
async def test_a_forged_beginning_is_found(
    services: Services, clock: FakeClock, statement: str, kind: Break
) -> None:
    await days_of_events(services, clock, 3)
    assert await services.audit_chain.forget_before((clock.now() - timedelta(days=2)).date()) == 3
    assert (await check(services)).whole
    await run(services, statement)
    report = await check(services)
    assert report.first is not None
    assert report.first.kind is kind


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_chain SET day = '2001-01-01' WHERE position < 9",
        "UPDATE audit_chain SET day = '2001-01-01' WHERE position BETWEEN 4 AND 8",
        "UPDATE audit_chain SET kid = 'x' WHERE position = 1",
        "DELETE FROM audit_chain WHERE position = 1",
    ],
)
async def test_nothing_that_was_tampered_with_goes_under_a_seal(
    services: Services, clock: FakeClock, statement: str
) -> None:
    await days_of_events(services, clock, 3)
    await run(services, statement)
    assert await services.audit_chain.forget_before((clock.now() - timedelta(days=2)).date()) == 0
    assert await how_many(services, CHECKPOINTS) == 0
    assert await how_many(services, AUDIT) == 9
    assert not (await check(services)).whole


async def test_behind_a_forged_beginning_nothing_is_taken_away(services: Services, clock: FakeClock) -> None:
    await days_of_events(services, clock, 4)
    await services.audit_chain.forget_before((clock.now() - timedelta(days=3)).date())
    await run(services, "UPDATE audit_checkpoints SET day = '2001-01-01'")
    assert await services.audit_chain.forget_before((clock.now() - timedelta(days=2)).date()) == 0


@pytest.mark.parametrize("settings_changes", [{"audit_retention_days": 30}, {}])
async def test_the_hourly_tidying_takes_what_the_setting_says(
    services: Services, clock: FakeClock, settings_changes: dict[str, Any]
) -> None:
    for age in (40, 31, 29, 0):
        row = services.audit_log.row(EventType.LOGOUT, context(), user_id=uuid4())
        async with services.database.unit() as connection:
            await connection.execute(AUDIT.insert(), row | {"at": clock.now() - timedelta(days=age)})
    await services.audit_chain.link_all()
    await apply_audit_retention(services)
    assert await how_many(services, AUDIT) == (2 if settings_changes else 4)
    assert (await check(services)).whole


async def test_concurrent_retention_runs_leave_the_chain_intact(
    settings: Settings, open_services: OpenServices, clock: FakeClock
) -> None:
    keepers = [await open_services(settings) for _ in range(3)]
    await days_of_events(keepers[0], clock, 4)
    await asyncio.gather(*(one.audit_chain.forget_before(clock.now().date()) for one in keepers))
    await keepers[0].audit_chain.forget_before(clock.now().date())
    report = await check(keepers[0])
    assert (report.whole, report.checked, report.begins_after) == (True, 3, 9)
