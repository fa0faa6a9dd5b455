"""The audit log as a chain: changes made with access to the database alone are found, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from autograph_web.audit.chain.verifier import Break
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.sessions.principal import SessionPrincipal
from tests.services.audit.chain.helpers import check, happen, insert_row, links, run, settle
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, context, open_cookie, prove, register, rows
from tests.support.services.two_step import principal_of

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


async def test_a_row_put_where_none_can_come_any_more_is_found_and_never_linked(
    services: Services, clock: FakeClock
) -> None:
    await happen(services, 3)
    await run(services, "DELETE FROM audit_log WHERE id = 2")  # as a rolled-back use case leaves it
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


@pytest.fixture
async def principal(services: Services) -> SessionPrincipal:
    await register(services)
    return await principal_of(services, await open_cookie(services))


async def test_a_deleted_account_breaks_nothing_and_is_told(
    services: Services, principal: SessionPrincipal
) -> None:
    await register(services, "theo@northwind.dev")
    await services.audit_chain.link_all()
    await services.deletion.delete(context(), principal, EMAIL)
    await services.audit_chain.link_all()

    report = await check(services)
    assert (report.whole, report.erased, report.checked) == (True, 2, 4)
    mine = {row.id for row in await rows(services, AUDIT) if row.user_id == principal.user_id}
    of_mine = [link for link in await links(services) if link.audit_id in mine]
    # The deleted salt means that no guess at an address can be checked against the links made before; the
    # link made afterwards never had a salt.
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
    services: Services, principal: SessionPrincipal, statement: str, kind: Break
) -> None:
    await services.audit_chain.link_all()
    await services.deletion.delete(context(), principal, EMAIL)
    await services.audit_chain.link_all()
    await run(services, statement)
    report = await check(services)
    assert report.first is not None
    assert (report.first.kind, report.first.position) == (kind, 1)


async def test_an_account_that_lives_cannot_be_blanked(
    services: Services, principal: SessionPrincipal
) -> None:
    await services.audit_chain.link_all()
    await run(services, "UPDATE audit_log SET ip = '', user_agent = ''")
    await run(services, "UPDATE audit_chain SET salt = :nothing", nothing=b"")
    for _ in ("as it is", "with a deletion that never happened"):
        report = await check(services)
        assert report.first is not None
        assert report.first.kind is Break.ROW_BLANKED
        await services.audit_log.record_alone(EventType.ACCOUNT_DELETED, context(), user_id=principal.user_id)


async def test_deleting_and_linking_at_once_leaves_no_salt_behind(services: Services) -> None:
    for number in range(6):
        email = f"mina{number}@northwind.dev"
        account = await register(services, email)
        cookie = await open_cookie_of(services, email)
        principal = await principal_of(services, cookie)
        await asyncio.gather(
            services.audit_chain.link_all(),
            services.deletion.delete(context(), principal, email),
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
