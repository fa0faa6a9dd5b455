"""Looking through what happened: as quick with a million events as with ten, on both databases."""

import asyncio
import json
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from autograph_web.audit.downloads import Format
from autograph_web.audit.errors import InvalidCursor
from autograph_web.audit.kinds import Group, Kind
from autograph_web.audit.selection import Place, Selection
from autograph_web.audit.store import AUDIT, selecting
from autograph_web.profile.inputs import ActivityInput
from autograph_web.runtime import Services
from autograph_web.sessions.viewer import Viewer
from tests.support.clock import FakeClock
from tests.support.factories import context, open_cookie, register
from tests.support.two_step import viewer_of

MANY = 6000
LIMIT = 51


@pytest.fixture
async def viewer(services: Services) -> Viewer:
    await register(services)
    return await viewer_of(services, await open_cookie(services))


async def fill(services: Services, clock: FakeClock, user_id: UUID, session_id: UUID) -> None:
    """Give an account a long history, and have others with theirs between."""
    others = [uuid4() for _ in range(50)]
    kinds = [Kind.TOKEN_REFRESHED] * 30 + [Kind.LOGIN_SUCCESS, Kind.LOGOUT]
    rows: list[dict[str, Any]] = [
        {
            "at": clock.now() + timedelta(seconds=number),
            "user_id": user_id if number % 2 else others[number % 50],
            "kind": kinds[number // 2 % len(kinds)].value,
            "ip": "203.0.113.7",
            "user_agent": "curl/8",
            "session_id": session_id if number % 3 else uuid4(),
            "request_id": str(number),
            "details": {},
        }
        for number in range(MANY)
    ]
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.insert(), rows)
        await connection.execute(text("ANALYZE"))


def walk(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in walk(child))]


async def read_rows(services: Services, query: Any) -> int:
    """Return how many rows PostgreSQL touched for a query."""
    literal = str(query.compile(services.database.engine, compile_kwargs={"literal_binds": True}))
    async with services.database.read() as connection:
        answer = (
            await connection.execute(text("EXPLAIN (ANALYZE, FORMAT JSON) " + literal.replace(":", "\\:")))
        ).scalar_one()
    nodes = walk(answer[0]["Plan"])
    assert not [node for node in nodes if node["Node Type"] in ("Seq Scan", "Parallel Seq Scan")]
    scans = [
        node for node in nodes if "Scan" in node["Node Type"] and node.get("Relation Name") == "audit_log"
    ]
    assert scans
    return int(
        sum(
            (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) * scan["Actual Loops"]
            for scan in scans
        )
    )


async def sqlite_plan(services: Services, query: Any) -> list[str]:
    literal = str(query.compile(services.database.engine, compile_kwargs={"literal_binds": True}))
    async with services.database.read() as connection:
        found = await connection.execute(text("EXPLAIN QUERY PLAN " + literal.replace(":", "\\:")))
        return [str(row.detail) for row in found]


async def index_searches(services: Services, query: Any, index: str) -> tuple[list[str], list[str]]:
    """Return SQLite's plan of a query and its searches of the log, each by an index whose name begins so."""
    plan = await sqlite_plan(services, query)
    searches = [line for line in plan if "audit_log" in line]
    assert searches, plan
    assert all(f"USING INDEX {index}" in line for line in searches), plan
    return plan, searches


async def test_a_page_reads_about_as_many_rows_as_it_shows(
    services: Services, viewer: Viewer, clock: FakeClock
) -> None:
    await fill(services, clock, viewer.user_id, viewer.session_id)
    picked = {
        "all": Selection(),
        "rare": Selection(Group.SIGN_IN.kinds),
        "absent": Selection(Group.TWO_STEP.kinds),
        "recent": Selection(since=clock.now() + timedelta(seconds=MANY - 60)),
        "elsewhere": Selection(elsewhere=viewer.session_id),
        "this": Selection(session_id=viewer.session_id, since=viewer.signed_in_at - timedelta(hours=1)),
    }
    middle = Place(clock.now() + timedelta(seconds=MANY // 2), 10**9)
    for (name, wanted), before in product(picked.items(), (None, middle)):
        query = selecting(viewer.user_id, wanted, before, LIMIT)
        if services.database.writes_at_once:
            # Once what each kind contributes, at most; what a filter drops is of this account and session.
            assert await read_rows(services, query) <= LIMIT * max(3, len(wanted.kinds)), name
            continue
        plan, searches = await index_searches(services, query, "ix_audit_log_user_id_")
        if not wanted.kinds:
            assert not [line for line in plan if "TEMP B-TREE" in line], (name, plan)
        else:
            assert all("kind=?" in line for line in searches), (name, plan)


async def test_a_page_has_the_same_events_whichever_way_they_are_looked_up(
    services: Services, viewer: Viewer, clock: FakeClock
) -> None:
    await fill(services, clock, viewer.user_id, viewer.session_id)
    everything = await services.audit_log.selected(viewer.user_id, Selection(), None, 10_000)
    signed = await services.audit_log.selected(viewer.user_id, Selection(Group.SIGN_IN.kinds), None, 10_000)
    assert signed == [event for event in everything if event.kind.group is Group.SIGN_IN]
    assert await services.audit_log.count(viewer.user_id, Selection(Group.SIGN_IN.kinds)) == len(signed)
    assert {event.user_id for event in everything} == {viewer.user_id}
    assert [(event.at, event.id) for event in everything] == sorted(
        ((event.at, event.id) for event in everything), reverse=True
    )


async def test_going_on_page_by_page_meets_every_event_once(
    services: Services, viewer: Viewer, clock: FakeClock
) -> None:
    await fill(services, clock, viewer.user_id, viewer.session_id)
    found: list[int] = []
    cursor = None
    while True:
        page = await services.activity.page(viewer, ActivityInput(), cursor, 200)
        found += [event.id for event in page.events]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(found) == len(set(found)) == MANY // 2 + 2


@pytest.mark.parametrize("form", list(Format))
async def test_a_file_has_every_event_and_holds_nothing_open_between_its_portions(
    services: Services, viewer: Viewer, clock: FakeClock, form: Format
) -> None:
    await fill(services, clock, viewer.user_id, viewer.session_id)
    download = await services.activity.download(context(), viewer, ActivityInput(), form)
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
    for place in (Place(clock.now() + timedelta(microseconds=999_999), 2**63 - 1), Place(clock.now(), 0)):
        assert Place.decode(place.encode()) == place
    with pytest.raises(InvalidCursor):
        Place.decode(Place(clock.now(), 1).encode()[:-1])
