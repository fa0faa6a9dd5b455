"""Every row of the audit log gets exactly one link, whatever is in progress, on both databases."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from autograph_web.accounts.chain_verification import chain_verifier_of
from autograph_web.audit.chain import store
from autograph_web.audit.chain.anchor import Anchor, AnchorFile
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.linker import ChainLinker
from autograph_web.audit.chain.store import CHAIN
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.infra.db.database import Database
from autograph_web.settings import Settings
from tests.services.audit.chain.helpers import check, happen, links, settle
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import context, how_many, rows
from tests.support.services.randomness import RecordedEntropy


async def test_every_row_gets_one_link_in_order(ten: Services) -> None:
    made = await links(ten)
    assert [link.position for link in made] == list(range(1, 11))
    assert [link.audit_id for link in made] == sorted(row.id for row in await rows(ten, AUDIT))
    assert await ten.audit_chain.link_all() == 0

    report = await check(ten)
    assert (report.whole, report.checked, report.waiting, report.erased) == (True, 10, 0, 0)
    assert report.head == Anchor(10, made[-1].digest)


async def test_an_empty_log_is_whole(services: Services) -> None:
    assert await services.audit_chain.link_all() == 0
    report = await check(services)
    assert (report.whole, report.checked, report.head) == (True, 0, None)


async def test_what_waits_is_told_with_since_when(ten: Services, clock: FakeClock) -> None:
    clock.advance(60)
    since = clock.now()
    await happen(ten, 3)
    clock.advance(60)
    await happen(ten)
    report = await check(ten)
    assert (report.whole, report.checked, report.waiting, report.waiting_since) == (True, 10, 4, since)
    await ten.audit_chain.link_all()
    assert (await check(ten)).waiting == 0


async def test_more_than_one_portion_is_linked_and_checked(services: Services) -> None:
    await services.audit_chain.close()  # the background task would link some of them
    one = services.audit_log.row(EventType.TOKEN_REFRESHED, context(), user_id=uuid4())
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.insert(), [one | {"request_id": str(n)} for n in range(2100)])
    told: list[tuple[int, int]] = []
    assert await services.audit_chain.link_all() == 2100
    report = await chain_verifier_of(services.settings.master_secrets, services.database).run(
        (), lambda seen, total: told.append((seen, total))
    )
    assert (report.whole, report.checked) == (True, 2100)
    assert told == [(1000, 2100), (2000, 2100), (2100, 2100)]


async def test_a_row_that_commits_late_is_linked_after_those_with_greater_numbers(
    services: Services, clock: FakeClock
) -> None:
    if not services.database.writes_at_once:
        pytest.skip("on SQLite one writes after the other")
    async with services.database.unit() as connection:
        await services.audit_log.record(connection, EventType.LOGOUT, context(), user_id=uuid4())
        await settle(services, clock)
        assert len(await links(services)) == 5
        report = await check(services)
        assert (report.whole, report.waiting) == (True, 0)
    await services.audit_chain.link_all()
    assert [link.audit_id for link in await links(services)] == [2, 3, 4, 5, 6, 1]
    assert (await check(services)).whole


async def test_keepers_that_race_link_each_row_once(settings: Settings, open_services: OpenServices) -> None:
    keepers = [await open_services(settings) for _ in range(4)]

    async def write(services: Services) -> None:
        await happen(services, 40)

    async def link(services: Services) -> None:
        for _ in range(20):
            await services.audit_chain.link_all()
            await asyncio.sleep(0.01)

    await asyncio.gather(*(write(one) for one in keepers), *(link(one) for one in keepers))
    await keepers[0].audit_chain.link_all()
    made = await links(keepers[0])
    assert [link.position for link in made] == list(range(1, 161))
    assert len({link.audit_id for link in made}) == 160
    report = await check(keepers[0])
    assert (report.whole, report.checked, report.waiting) == (True, 160, 0)


async def test_a_keeper_killed_in_the_middle_leaves_nothing_half_done(
    ten: Services, settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await happen(ten, 10)
    reached, database = asyncio.Event(), Database(settings.sqlalchemy_url)
    randomness = RecordedEntropy("killed")
    keeper = ChainLinker(
        database,
        ChainKeys(settings.master_secrets, randomness),
        AnchorFile(settings.data_dir),
        clock,
        randomness,
    )
    plain = store.add_links

    async def stuck(connection: Any, made: Any) -> None:
        await plain(connection, made)
        reached.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(store, "add_links", stuck)
    task = asyncio.create_task(keeper.link_all())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.setattr(store, "add_links", plain)
    await database.close()

    assert len(await links(ten)) == 10
    assert await ten.audit_chain.link_all() == 10
    assert (await check(ten)).whole


@pytest.mark.slow
async def test_it_links_by_itself_in_the_background(services: Services) -> None:
    await happen(services, 2)
    async with asyncio.timeout(15):
        while await how_many(services, CHAIN) < 2:  # noqa: ASYNC110  (nobody says when)
            await asyncio.sleep(0.1)
    assert (await check(services)).whole
