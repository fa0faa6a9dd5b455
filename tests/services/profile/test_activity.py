"""Searching an account's events: as fast with a million as with ten, on both databases."""

import asyncio
import json
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from autograph_web.audit.downloads import Format
from autograph_web.audit.errors import InvalidCursor
from autograph_web.audit.event_filter import Cursor, EventFilter
from autograph_web.audit.event_types import EventCategory
from autograph_web.audit.store import selecting
from autograph_web.container import Services
from autograph_web.profile.inputs import ActivityInput
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.services.clock import FakeClock
from tests.support.services.factories import context, open_cookie, register
from tests.support.services.many_events import LIMIT, MANY, fill, index_searches, read_rows
from tests.support.services.two_step import principal_of


@pytest.fixture
async def principal(services: Services) -> SessionPrincipal:
    await register(services)
    return await principal_of(services, await open_cookie(services))


async def test_a_page_reads_about_as_many_rows_as_it_shows(
    services: Services, principal: SessionPrincipal, clock: FakeClock
) -> None:
    await fill(services, clock, principal.user_id, principal.session_id)
    picked = {
        "all": EventFilter(),
        "rare": EventFilter(EventCategory.SIGN_IN.kinds),
        "absent": EventFilter(EventCategory.TWO_STEP.kinds),
        "recent": EventFilter(since=clock.now() + timedelta(seconds=MANY - 60)),
        "elsewhere": EventFilter(elsewhere=principal.session_id),
        "this": EventFilter(
            session_id=principal.session_id, since=principal.signed_in_at - timedelta(hours=1)
        ),
    }
    middle = Cursor(clock.now() + timedelta(seconds=MANY // 2), 10**9)
    for (name, wanted), before in product(picked.items(), (None, middle)):
        query = selecting(principal.user_id, wanted, before, LIMIT)
        if services.database.writes_at_once:
            # At most the share of each event type, once; rows dropped by a filter belong to this account and
            # session.
            assert await read_rows(services, query) <= LIMIT * max(3, len(wanted.kinds)), name
            continue
        plan, searches = await index_searches(services, query, "ix_audit_log_user_id_")
        if not wanted.kinds:
            assert not [line for line in plan if "TEMP B-TREE" in line], (name, plan)
        else:
            assert all("kind=?" in line for line in searches), (name, plan)


async def test_a_page_has_the_same_events_whichever_way_they_are_looked_up(
    services: Services, principal: SessionPrincipal, clock: FakeClock
) -> None:
    await fill(services, clock, principal.user_id, principal.session_id)
    everything = await services.audit_log.selected(principal.user_id, EventFilter(), None, 10_000)
    signed = await services.audit_log.selected(
        principal.user_id, EventFilter(EventCategory.SIGN_IN.kinds), None, 10_000
    )
    assert signed == [event for event in everything if event.kind.group is EventCategory.SIGN_IN]
    assert await services.audit_log.count(principal.user_id, EventFilter(EventCategory.SIGN_IN.kinds)) == len(
        signed
    )
    assert {event.user_id for event in everything} == {principal.user_id}
    assert [(event.at, event.id) for event in everything] == sorted(
        ((event.at, event.id) for event in everything), reverse=True
    )


async def test_going_on_page_by_page_meets_every_event_once(
    services: Services, principal: SessionPrincipal, clock: FakeClock
) -> None:
    await fill(services, clock, principal.user_id, principal.session_id)
    found: list[int] = []
    cursor = None
    while True:
        page = await services.activity.page(principal, ActivityInput(), cursor, 200)
        found += [event.id for event in page.events]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(found) == len(set(found)) == MANY // 2 + 2


@pytest.mark.parametrize("form", list(Format))
async def test_a_file_has_every_event_and_holds_nothing_open_between_its_portions(
    services: Services, principal: SessionPrincipal, clock: FakeClock, form: Format
) -> None:
    await fill(services, clock, principal.user_id, principal.session_id)
    download = await services.activity.download(context(), principal, ActivityInput(), form)
    pool: Any = services.database.engine.pool
    portions: list[str] = []
    async for portion in download.portions:
        async with asyncio.timeout(10):  # others read as well, but not for long
            while pool.checkedout():  # noqa: ASYNC110  (nothing tells)
                await asyncio.sleep(0.001)
        portions.append(portion)
    text_of_it = "".join(portions)
    assert download.total == MANY // 2 + 3
    assert len(portions) >= download.total // 500
    assert max(map(len, portions)) < 500 * 400
    if form is Format.JSON:
        assert len(json.loads(text_of_it)["events"]) == download.total
    else:
        assert text_of_it.count("\r\n") == download.total + 1


def test_a_place_survives_being_a_cursor(clock: FakeClock) -> None:
    for place in (Cursor(clock.now() + timedelta(microseconds=999_999), 2**63 - 1), Cursor(clock.now(), 0)):
        assert Cursor.decode(place.encode()) == place
    with pytest.raises(InvalidCursor):
        Cursor.decode(Cursor(clock.now(), 1).encode()[:-1])
