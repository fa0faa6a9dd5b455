"""The audit log as a chain: whoever changes it with the database alone is found, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from autograph_web.audit.chain import store
from autograph_web.audit.chain.check import Break, Report
from autograph_web.audit.chain.head import Head, HeadFile
from autograph_web.audit.chain.keeper import ChainKeeper
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.store import CHAIN, CHAIN_KEYS, CHECKPOINTS
from autograph_web.audit.kinds import Kind
from autograph_web.audit.store import AUDIT
from autograph_web.infra.db.database import Database
from autograph_web.parts import chain_check_of
from autograph_web.runtime import Services, forget_old_events
from autograph_web.sessions.viewer import Viewer
from autograph_web.settings import Settings
from tests.support.app import OpenServices
from tests.support.clock import FakeClock
from tests.support.factories import (
    EMAIL,
    OLDER_SECRET,
    SECRET,
    STRANGERS_SECRET,
    context,
    how_many,
    open_cookie,
    prove,
    register,
    rows,
)
from tests.support.randomness import RecordedEntropy
from tests.support.two_step import viewer_of


async def happen(services: Services, times: int = 1) -> None:
    for _ in range(times):
        await services.audit_log.record_alone(
            Kind.LOGIN_SUCCESS, context(), user_id=uuid4(), method="password"
        )


async def check(services: Services, *expected: Head) -> Report:
    return await chain_check_of(services.settings, services.database).run(expected)


async def run(services: Services, statement: str, **values: Any) -> None:
    """Change the database as somebody with its password could."""
    async with services.database.unit() as connection:
        await connection.execute(text(statement), values)


async def links(services: Services) -> list[Any]:
    return sorted(await rows(services, CHAIN), key=lambda link: link.position)


@pytest.fixture
async def ten(services: Services) -> Services:
    """Ten rows, linked."""
    await happen(services, 10)
    await services.audit_chain.link_all()
    return services


async def test_every_row_gets_one_link_in_order(ten: Services) -> None:
    made = await links(ten)
    assert [link.position for link in made] == list(range(1, 11))
    assert [link.audit_id for link in made] == sorted(row.id for row in await rows(ten, AUDIT))
    assert await ten.audit_chain.link_all() == 0

    report = await check(ten)
    assert (report.whole, report.checked, report.waiting, report.erased) == (True, 10, 0, 0)
    assert report.head == Head(10, made[-1].digest)


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
    await services.audit_chain.close()  # what works in the background would take a part
    one = services.audit_log.row(Kind.TOKEN_REFRESHED, context(), user_id=uuid4())
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.insert(), [one | {"request_id": str(n)} for n in range(2100)])
    told: list[tuple[int, int]] = []
    assert await services.audit_chain.link_all() == 2100
    report = await chain_check_of(services.settings, services.database).run(
        (), lambda seen, total: told.append((seen, total))
    )
    assert (report.whole, report.checked) == (True, 2100)
    assert told == [(1000, 2100), (2000, 2100), (2100, 2100)]


Tamper = Callable[[Services], Awaitable[None]]


def sql(statement: str) -> Tamper:
    async def tamper(services: Services) -> None:
        for part in statement.split(";"):
            await run(services, part)

    return tamper


_SWAP_ROWS = (
    "UPDATE audit_log SET id = 1000004 WHERE id = 4;"
    "UPDATE audit_log SET id = 4 WHERE id = 5;"
    "UPDATE audit_log SET id = 5 WHERE id = 1000004"
)
_SWAP_LINKS = (
    "UPDATE audit_chain SET position = 1000004 WHERE position = 4;"
    "UPDATE audit_chain SET position = 4 WHERE position = 5;"
    "UPDATE audit_chain SET position = 5 WHERE position = 1000004"
)


@pytest.mark.parametrize(
    ("tamper", "kind", "position", "audit_id"),
    [
        (sql("UPDATE audit_log SET kind = 'logout' WHERE id = 4"), Break.ROW_ALTERED, 4, 4),
        (sql("UPDATE audit_log SET ip = '192.0.2.66' WHERE id = 4"), Break.ROW_ALTERED, 4, 4),
        (sql("UPDATE audit_log SET user_agent = 'x' WHERE id = 4"), Break.ROW_ALTERED, 4, 4),
        (sql("UPDATE audit_log SET ip = '' WHERE id = 4"), Break.ROW_ALTERED, 4, 4),
        (sql("UPDATE audit_log SET ip = '', user_agent = '' WHERE id = 4"), Break.ROW_ALTERED, 4, 4),
        (sql("UPDATE audit_log SET details = '{}' WHERE id = 4"), Break.ROW_ALTERED, 4, 4),
        (sql("UPDATE audit_log SET user_id = NULL WHERE id = 4"), Break.ROW_ALTERED, 4, 4),
        (sql("UPDATE audit_log SET request_id = 'x' WHERE id = 10"), Break.ROW_ALTERED, 10, 10),
        (sql("DELETE FROM audit_log WHERE id = 4"), Break.ROW_DELETED, 4, 4),
        (sql("DELETE FROM audit_log WHERE id = 10"), Break.ROW_DELETED, 10, 10),
        (sql(_SWAP_ROWS), Break.ROW_ALTERED, 4, 4),
        (sql(_SWAP_LINKS), Break.LINK_ALTERED, 4, 5),
        (sql("UPDATE audit_chain SET audit_id = 99 WHERE position = 4"), Break.LINK_ALTERED, 4, 99),
        (sql("UPDATE audit_chain SET settled_id = 1 WHERE position = 4"), Break.LINK_ALTERED, 4, 4),
        (sql("UPDATE audit_chain SET day = '2001-01-01' WHERE position = 4"), Break.LINK_ALTERED, 4, 4),
        (sql("UPDATE audit_chain SET kid = 'x' WHERE position = 4"), Break.KEY_MISSING, 4, 4),
        (sql("DELETE FROM audit_chain WHERE position = 4"), Break.LINK_MISSING, 5, 5),
        (
            sql("DELETE FROM audit_chain WHERE position = 4;DELETE FROM audit_log WHERE id = 4"),
            Break.LINK_MISSING,
            5,
            5,
        ),
        (
            sql("DELETE FROM audit_chain WHERE position < 4;DELETE FROM audit_log WHERE id < 4"),
            Break.LINK_MISSING,
            4,
            4,
        ),
    ],
)
async def test_the_first_break_is_named(
    ten: Services, tamper: Tamper, kind: Break, position: int, audit_id: int
) -> None:
    await tamper(ten)
    report = await check(ten)
    assert report.first is not None
    assert (report.first.kind, report.first.position, report.first.audit_id) == (kind, position, audit_id)
    assert report.breaks >= 1
    assert kind.words in str(report.first)


async def test_after_a_break_the_rest_is_checked_all_the_same(ten: Services) -> None:
    for row in (3, 7):
        await run(ten, "UPDATE audit_log SET kind = 'logout' WHERE id = :row", row=row)
    report = await check(ten)
    assert report.first is not None
    assert (report.first.audit_id, report.breaks, report.checked) == (3, 2, 10)


async def insert_row(services: Services, row_id: int, **values: Any) -> None:
    row = services.audit_log.row(Kind.LOGIN_SUCCESS, context(), user_id=uuid4())
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.insert(), {"id": row_id} | row | values)


async def test_a_row_put_where_none_can_come_any_more_is_found_and_never_linked(
    services: Services, clock: FakeClock
) -> None:
    await happen(services, 3)
    await run(services, "DELETE FROM audit_log WHERE id = 2")  # as a use case that was taken back leaves it
    await settle(services, clock)
    await insert_row(services, 2)
    await insert_row(services, -5)
    await services.audit_chain.link_all()
    await settle(services, clock)

    assert not {link.audit_id for link in await links(services)} & {2, -5}
    report = await check(services)
    assert report.first is not None
    assert (report.first.kind, report.first.audit_id) == (Break.ROW_INSERTED, -5)
    assert report.breaks == 2


async def test_a_row_with_a_new_number_and_an_old_date_is_found(ten: Services, clock: FakeClock) -> None:
    clock.advance(86_400)
    await happen(ten)
    await insert_row(ten, 500, at=clock.now() - timedelta(hours=2))
    await ten.audit_chain.link_all()
    report = await check(ten)
    assert report.first is not None
    assert (report.first.kind, report.first.audit_id) == (Break.ROW_INSERTED, 500)


async def settle(services: Services, clock: FakeClock) -> None:
    """Let the keeper see for itself that nothing is under way any more."""
    for _ in range(5):
        clock.advance(3)
        await happen(services)
        await services.audit_chain.link_all()


async def test_a_row_that_commits_late_is_linked_after_those_with_greater_numbers(
    services: Services, clock: FakeClock
) -> None:
    if not services.database.writes_at_once:
        pytest.skip("on SQLite one writes after the other")
    async with services.database.unit() as connection:
        await services.audit_log.record(connection, Kind.LOGOUT, context(), user_id=uuid4())
        await settle(services, clock)
        assert len(await links(services)) == 5
        report = await check(services)
        assert (report.whole, report.waiting) == (True, 0)
    await services.audit_chain.link_all()
    assert [link.audit_id for link in await links(services)] == [2, 3, 4, 5, 6, 1]
    assert (await check(services)).whole


async def test_the_end_cannot_be_cut_off_unnoticed(ten: Services) -> None:
    noted = HeadFile(ten.settings.data_dir).read()
    assert noted == (await check(ten)).head
    await run(ten, "DELETE FROM audit_chain WHERE position > 7")
    await run(ten, "DELETE FROM audit_log WHERE id > 7")
    assert (await check(ten)).whole  # the database alone cannot tell
    assert noted is not None
    report = await check(ten, noted)
    assert report.first is not None
    assert (report.first.kind, report.first.position) == (Break.END_CUT, 10)


async def test_what_was_noted_of_a_cut_chain_is_not_written_over(ten: Services) -> None:
    file = HeadFile(ten.settings.data_dir)
    noted = file.read()
    assert noted is not None
    await run(ten, "DELETE FROM audit_chain WHERE position > 7")
    await run(ten, "DELETE FROM audit_log WHERE id > 7")
    await happen(ten, 6)
    assert await ten.audit_chain.link_all() == 6
    assert file.read() == noted
    report = await check(ten, noted)
    assert report.first is not None
    assert report.first.kind is Break.END_CUT


async def test_a_head_from_before_is_still_in_the_chain(ten: Services) -> None:
    noted = (await check(ten)).head
    assert noted is not None
    await happen(ten, 3)
    await ten.audit_chain.link_all()
    assert (await check(ten, noted, Head.of(str(noted)))).whole
    assert not (await check(ten, Head(3, b"x" * 32))).whole


@pytest.mark.parametrize("spelled", ["", "x", "1", "0:" + "a" * 64, "1:" + "a" * 63, "-1:" + "a" * 64])
def test_a_head_is_spelled_in_one_way(spelled: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Head.of(spelled)


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
    keeper = ChainKeeper(
        database,
        ChainKeys(settings.master_secrets, randomness),
        HeadFile(settings.data_dir),
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


@pytest.fixture
async def viewer(services: Services) -> Viewer:
    await register(services)
    return await viewer_of(services, await open_cookie(services))


async def test_a_deleted_account_breaks_nothing_and_is_told(services: Services, viewer: Viewer) -> None:
    await register(services, "theo@northwind.dev")
    await services.audit_chain.link_all()
    await services.deletion.delete(context(), viewer, EMAIL)
    await services.audit_chain.link_all()

    report = await check(services)
    assert (report.whole, report.erased, report.checked) == (True, 2, 4)
    mine = {row.id for row in await rows(services, AUDIT) if row.user_id == viewer.user_id}
    of_mine = [link for link in await links(services) if link.audit_id in mine]
    # No guess at an address can be tried on what was linked before; what came after never had one.
    assert [bool(link.salt) for link in of_mine] == [False, False, True]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE audit_log SET ip = '192.0.2.66' WHERE id = 1", Break.ROW_ALTERED),
        ("UPDATE audit_log SET kind = 'logout' WHERE id = 1", Break.ROW_ALTERED),
        ("UPDATE audit_chain SET origin = content WHERE position = 1", Break.ROW_ALTERED),
        ("DELETE FROM audit_log WHERE kind = 'account_deleted'", Break.ROW_BLANKED),
    ],
)
async def test_what_a_deletion_left_is_still_protected(
    services: Services, viewer: Viewer, statement: str, kind: Break
) -> None:
    await services.audit_chain.link_all()
    await services.deletion.delete(context(), viewer, EMAIL)
    await services.audit_chain.link_all()
    await run(services, statement)
    report = await check(services)
    assert report.first is not None
    assert (report.first.kind, report.first.position) == (kind, 1)


async def test_an_account_that_lives_cannot_be_blanked(services: Services, viewer: Viewer) -> None:
    await services.audit_chain.link_all()
    await run(services, "UPDATE audit_log SET ip = '', user_agent = ''")
    await run(services, "UPDATE audit_chain SET salt = :nothing", nothing=b"")
    for _ in ("as it is", "with a deletion that never happened"):
        report = await check(services)
        assert report.first is not None
        assert report.first.kind is Break.ROW_BLANKED
        await services.audit_log.record_alone(Kind.ACCOUNT_DELETED, context(), user_id=viewer.user_id)


async def test_deleting_and_linking_at_once_leaves_no_salt_behind(services: Services) -> None:
    for number in range(6):
        email = f"mina{number}@northwind.dev"
        account = await register(services, email)
        cookie = await open_cookie_of(services, email)
        viewer = await viewer_of(services, cookie)
        await asyncio.gather(
            services.audit_chain.link_all(),
            services.deletion.delete(context(), viewer, email),
            services.audit_chain.link_all(),
        )
        await services.audit_chain.link_all()
        ids = {row.id for row in await rows(services, AUDIT) if row.user_id == account.id}
        for link in await links(services):
            if link.audit_id in ids and link.salt:
                [row] = [row for row in await rows(services, AUDIT) if row.id == link.audit_id]
                assert (row.ip, row.user_agent) == ("", "")
        assert (await check(services)).whole


async def open_cookie_of(services: Services, email: str) -> str:
    return (await services.sessions.open_for_browser(context(), await prove(services, email))).cookie


async def test_links_outlive_the_secret_they_were_made_with(
    settings: Settings, open_services: OpenServices
) -> None:
    def having(*secrets: str) -> Settings:
        return settings.model_copy(update={"secret_keys": secrets})

    for secrets in ((SECRET,), (OLDER_SECRET, SECRET), (OLDER_SECRET,)):
        services = await open_services(having(*secrets))
        await happen(services, 2)
        await services.audit_chain.link_all()
        report = await check(services)
        assert report.whole, report.first
    assert len({link.kid for link in await links(services)}) == 2
    assert await how_many(services, CHAIN_KEYS) == 2

    stranger = chain_check_of(having(STRANGERS_SECRET), services.database)
    report = await stranger.run()
    assert report.first is not None
    assert report.first.kind is Break.KEY_MISSING


async def test_a_process_with_older_secrets_leaves_the_chain_to_the_newer(
    settings: Settings, open_services: OpenServices, clock: FakeClock
) -> None:
    old = await open_services(settings)
    newer = await open_services(settings.model_copy(update={"secret_keys": (OLDER_SECRET, SECRET)}))
    await happen(old, 2)
    await newer.audit_chain.link_all()
    await happen(old, 2)
    assert await old.audit_chain.link_all() == 0
    assert await newer.audit_chain.link_all() == 2
    await happen(old)
    clock.advance(601)  # the newer one is gone for good
    assert await old.audit_chain.link_all() == 1


async def test_without_the_secret_no_link_can_be_made(
    ten: Services, settings: Settings, clock: FakeClock
) -> None:
    randomness = RecordedEntropy("stranger")
    forger = ChainKeeper(
        ten.database,
        ChainKeys((STRANGERS_SECRET,), randomness),
        HeadFile(Path("/nonexistent")),
        clock,
        randomness,
    )
    await run(ten, "UPDATE audit_log SET kind = 'logout' WHERE id = 4")
    await run(ten, "DELETE FROM audit_chain")
    assert await forger.link_all() == 10
    report = await check(ten)
    assert report.first is not None
    assert report.first.kind is Break.KEY_MISSING
    await run(
        ten,
        "UPDATE audit_chain SET kid = :kid",
        kid=ChainKeys(settings.master_secrets, randomness).current.kid,
    )
    report = await check(ten)
    assert report.first is not None
    assert (report.first.kind, report.first.position) == (Break.LINK_ALTERED, 1)


async def days_of_events(services: Services, clock: FakeClock, days: int) -> None:
    for _ in range(days):
        await happen(services, 3)
        await services.audit_chain.link_all()
        clock.advance(86_400)


async def test_old_days_go_and_the_rest_holds(services: Services, clock: FakeClock) -> None:
    await days_of_events(services, clock, 5)
    noted = HeadFile(services.settings.data_dir).read()
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
        row = services.audit_log.row(Kind.LOGOUT, context(), user_id=uuid4())
        async with services.database.unit() as connection:
            await connection.execute(AUDIT.insert(), row | {"at": clock.now() - timedelta(days=age)})
    await services.audit_chain.link_all()
    await forget_old_events(services)
    assert await how_many(services, AUDIT) == (2 if settings_changes else 4)
    assert (await check(services)).whole


async def test_keepers_that_take_away_at_once_leave_a_whole_chain(
    settings: Settings, open_services: OpenServices, clock: FakeClock
) -> None:
    keepers = [await open_services(settings) for _ in range(3)]
    await days_of_events(keepers[0], clock, 4)
    await asyncio.gather(*(one.audit_chain.forget_before(clock.now().date()) for one in keepers))
    await keepers[0].audit_chain.forget_before(clock.now().date())
    report = await check(keepers[0])
    assert (report.whole, report.checked, report.begins_after) == (True, 3, 9)
