"""What the administrators' overview counts, on both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from autograph_web.admin.statistics.alerts import AlertCode
from autograph_web.admin.statistics.figures import Day, Span
from autograph_web.admin.statistics.store import COUNTS
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services
from autograph_web.mail.store import OUTBOX
from autograph_web.settings import Settings
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    WRONG,
    change,
    context,
    give_authenticators,
    how_many,
    open_cookie,
    prove,
    register,
    rows,
)
from tests.support.services.operators import OPERATOR, create, make_admin
from tests.support.services.two_step import enrol, fresh_viewer, set_up

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FakeClock:
    """Starts at noon, so that a few minutes stay within one day."""
    clock = FakeClock()
    noon = datetime.combine(clock.now().date(), time(12), UTC)
    clock.advance((noon - clock.now()).total_seconds() - 86_400)  # Redis uses its own clock: not ahead of it
    return clock


async def days_of(services: Services, span: Span = Span.WEEK) -> list[Day]:
    return (await services.statistics.report(span)).days


async def put(services: Services, kind: str, at: datetime, number: int = 1, **values: Any) -> None:
    """Record events at a given moment."""
    row = {
        **services.audit_log.row(EventType(kind), context(), user_id=values.pop("user_id", None)),
        "at": at,
        "details": values,
    }
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.insert(), [row] * number)


@pytest.mark.parametrize("span", list(Span))
async def test_an_empty_server_has_as_many_days_as_asked_for_and_nothing_on_them(
    services: Services, clock: FakeClock, span: Span
) -> None:
    report = await services.statistics.report(span)
    today = clock.now().date()
    assert [day.day for day in report.days] == [today - (span - 1 - n) * DAY for n in range(span)]
    assert {(d.sign_ins, d.failures, d.registrations, d.accounts, d.adoption) for d in report.days} == {
        (0, 0, 0, 0, 0.0)
    }
    assert (report.now.accounts, report.now.adoption, report.attention) == (0, 0.0, [])


async def test_what_people_did_stands_on_its_day(services: Services, clock: FakeClock) -> None:
    await register(services)
    await prove(services)
    with pytest.raises(InvalidCredentials):
        await prove(services, password=WRONG)
    clock.advance(86_400)
    await create(services, "theo@northwind.dev")
    await prove(services)
    found = await days_of(services)
    seen = [(day.sign_ins, day.failures, day.registrations, day.accounts) for day in found[-2:]]
    assert seen == [(1, 1, 1, 1), (1, 0, 1, 2)]


async def test_a_day_begins_and_ends_at_midnight_in_utc(services: Services, clock: FakeClock) -> None:
    midnight = datetime.combine(clock.now().date(), time(), UTC)
    await put(services, "login_success", midnight - timedelta(microseconds=1), 2)
    await put(services, "login_success", midnight, 3)
    await put(services, "login_success", midnight + DAY - timedelta(microseconds=1), 4)
    await put(services, "login_success", midnight - 6 * DAY, 5)
    await put(services, "login_success", midnight - 6 * DAY - timedelta(microseconds=1), 100)
    assert [day.sign_ins for day in await days_of(services)] == [5, 0, 0, 0, 0, 2, 7]


async def test_the_time_zone_of_the_database_changes_nothing(
    services: Services, clock: FakeClock, settings: Settings, open_services: OpenServices
) -> None:
    if not services.database.writes_at_once:
        return  # SQLite has none
    midnight = datetime.combine(clock.now().date(), time(), UTC)
    await put(services, "login_success", midnight + timedelta(minutes=5))
    async with services.database.unit() as connection:
        await connection.exec_driver_sql("ALTER DATABASE shared SET timezone TO 'Pacific/Kiritimati'")
    try:
        elsewhere = await open_services(settings)  # a connection has its time zone from the start
        assert [day.sign_ins for day in await days_of(elsewhere)] == [0] * 6 + [1]
    finally:
        async with services.database.unit() as connection:
            await connection.exec_driver_sql("ALTER DATABASE shared RESET timezone")


async def test_adoption_follows_who_turns_it_on_or_off(services: Services, clock: FakeClock) -> None:
    for name in ("noor", "jonas"):
        await create(services, f"{name}@northwind.dev")
    mina = await enrol(services, clock)
    theo = await enrol(services, clock, "theo@northwind.dev")
    clock.advance(86_400)
    principal = await fresh_viewer(services, clock, mina)
    phone = await set_up(services, principal)
    await services.enrolment.enable(
        context(), principal, phone.code(clock.seconds())
    )  # a second authenticator: not counted again
    clock.advance(86_400)
    await services.user_actions.reset_mfa(OPERATOR, theo.user_id)
    clock.advance(86_400)
    days = await days_of(services)
    assert [(day.with_mfa, day.accounts) for day in days] == [(0, 0)] * 3 + [(2, 4), (2, 4), (1, 4), (1, 4)]
    assert [day.adoption for day in days[3:]] == [50.0, 50.0, 25.0, 25.0]


async def test_an_account_that_left_counts_until_then(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    await create(services, "noor@northwind.dev")
    clock.advance(86_400)
    await services.deletion.delete(context(), await fresh_viewer(services, clock, mina), mina.email)
    days = await days_of(services)
    assert [(day.with_mfa, day.accounts) for day in days[-3:]] == [(0, 0), (1, 2), (0, 1)]


async def test_what_the_log_does_not_tell_makes_no_nonsense(services: Services, clock: FakeClock) -> None:
    """Events may predate their retention period, or accounts may have been created in another way."""
    await register(services)
    now = clock.now()
    await put(services, "registration_success", now, 50)
    await put(services, "mfa_enabled", now - DAY, 50)
    await put(services, "mfa_disabled", now - 2 * DAY, 50)
    for day in await days_of(services):
        assert 0 <= day.with_mfa <= day.accounts
        assert 0 <= day.adoption <= 100


@pytest.mark.parametrize("settings_changes", [{"audit_retention_days": 5}])
async def test_days_whose_events_were_gone_before_they_were_counted_are_left_out(
    services: Services, clock: FakeClock
) -> None:
    today = clock.now().date()
    assert [day.day for day in await days_of(services, Span.MONTH)] == [today]
    await put(services, "login_success", clock.now() - 4 * DAY)
    days = await days_of(services, Span.MONTH)
    assert [day.day for day in days] == [today - n * DAY for n in range(4, -1, -1)]


async def test_what_was_counted_is_counted_once_and_outlives_its_events(
    services: Services, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    principal = await fresh_viewer(services, clock, mina)
    phone = await set_up(services, principal)
    await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))
    await services.deletion.delete(context(), principal, mina.email)
    await enrol(services, clock, "theo@northwind.dev")
    before = await days_of(services)
    assert await services.statistics.count_settled() == 0  # all of it is too recent
    clock.advance(3600)
    await put(services, "login_success", clock.now())
    assert await services.statistics.count_settled() == await how_many(services, AUDIT) - 1
    assert await services.statistics.count_settled() == 0
    after = await days_of(services)
    assert after[:-1] == before[:-1]
    assert after[-1] == replace(before[-1], sign_ins=before[-1].sign_ins + 1)
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.delete().where(AUDIT.c.at < clock.now()))
    assert await days_of(services) == after


async def test_an_event_that_is_not_settled_holds_up_those_behind_it(
    services: Services, clock: FakeClock
) -> None:
    for minutes in (30, 5, 20):
        await put(services, "login_success", clock.now() - timedelta(minutes=minutes))
    assert await services.statistics.count_settled() == 1
    clock.advance(360)
    assert await services.statistics.count_settled() == 2
    assert sum(day.sign_ins for day in await days_of(services)) == 3


async def test_racers_count_everything_once(
    services: Services, settings: Settings, open_services: OpenServices, clock: FakeClock
) -> None:
    other = await open_services(settings)
    await put(services, "login_success", clock.now() - timedelta(hours=1), 500)
    await asyncio.gather(*(one.statistics.count_settled() for one in [services, other] * 4))
    assert sum(row.number for row in await rows(services, COUNTS)) == 500
    assert sum(day.sign_ins for day in await days_of(services)) == 500


async def test_the_current_figures(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    await create(services, "noor@northwind.dev")
    theo = await register(services, "theo@northwind.dev")
    cookie_user = await register(services, "ada@northwind.dev")
    assert cookie_user.id != mina.user_id
    await prove(services, theo.email)
    await services.user_actions.lock(OPERATOR, theo.id)
    clock.advance(8 * 86_400)
    report = await services.statistics.report(Span.WEEK)
    assert (report.now.accounts, report.now.with_mfa, report.now.locked) == (4, 1, 1)
    assert (report.now.active, report.now.open_sessions) == (0, 0)
    await prove(services, cookie_user.email)
    report = await services.statistics.report(Span.WEEK)
    assert report.now.active == 1


async def test_a_session_that_is_used_makes_an_account_active(services: Services, clock: FakeClock) -> None:
    await register(services)
    cookie = await open_cookie(services, remember=True)
    clock.advance(8 * 86_400)
    assert (await services.statistics.report(Span.WEEK)).now.active == 0
    await services.sessions.authenticate_cookie(cookie)
    now = (await services.statistics.report(Span.WEEK)).now
    assert (now.active, now.open_sessions) == (1, 1)


async def matters(services: Services) -> list[AlertCode]:
    return [one.matter for one in (await services.statistics.report(Span.WEEK)).attention]


async def test_letters_that_fail_or_wait_are_told_of(services: Services, clock: FakeClock) -> None:
    await services.courier.close()
    mina = await register(services)
    await services.user_actions.lock(OPERATOR, mina.id)
    await change(services, OUTBOX, due_at=clock.now(), sent_at=None, failed_at=None)
    clock.advance(301)
    report = await services.statistics.report(Span.WEEK)
    assert (report.now.letters_waiting, report.now.letters_failed) == (1, 0)
    assert await matters(services) == [AlertCode.MAIL_LATE]
    await change(services, OUTBOX, due_at=None, failed_at=clock.now(), sent_at=None)
    report = await services.statistics.report(Span.WEEK)
    assert (report.now.letters_waiting, report.now.letters_failed) == (0, 1)
    assert [one.sentence for one in report.attention] == [
        "1 email couldn't be delivered. Run `python -m autograph_web mail` to see why."
    ]


async def test_administrators_with_a_password_alone_are_told_of(services: Services) -> None:
    nora = await make_admin(services, "nora@northwind.dev")
    assert await matters(services) == [AlertCode.ADMINS_WITHOUT_MFA]
    await give_authenticators(services, "admin")
    assert await matters(services) == []
    assert nora.is_active_admin


@pytest.mark.parametrize(
    ("before", "today", "told"), [(0, 19, False), (0, 20, True), (10, 30, False), (10, 31, True)]
)
async def test_failures_that_stand_out_are_told_of(
    services: Services, clock: FakeClock, before: int, today: int, told: bool
) -> None:
    for number in range(1, 7):
        if before:
            await put(services, "login_failed", clock.now() - number * DAY, before)
    await put(services, "mfa_verify_failed", clock.now(), today)
    assert (AlertCode.MANY_FAILURES in await matters(services)) is told


async def test_copied_tokens_are_told_of(services: Services, clock: FakeClock) -> None:
    await put(services, "token_reuse_detected", clock.now() - 2 * DAY, 2, user_id=uuid4())
    assert await matters(services) == [AlertCode.TOKENS_REUSED]
