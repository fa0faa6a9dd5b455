"""Undoing a change of address, on both databases."""

import asyncio
from collections import Counter

import pytest

from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import (
    EmailTaken,
    LinkExpired,
    LinkRefused,
    LinkReplaced,
    LinkUsed,
    SessionEnded,
)
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import HOLDS
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.email_change import (
    NEW,
    ask,
    confirm,
    confirm_token,
    email_of,
    move,
    somebody,
    undo,
    undo_token,
)
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    audited,
    context,
    how_many,
    open_cookie,
    open_pair,
    prove,
    register,
)
from tests.support.services.password_reset import choose
from tests.support.services.two_step import open_browser, principal_of

THIRD, THEO = "mina@third.dev", "theo@northwind.dev"
DAY = 86_400


@pytest.fixture
async def principal(services: Services) -> SessionPrincipal:
    await register(services)
    return await principal_of(services, await open_cookie(services))


async def test_the_old_address_takes_it_back_and_ends_everything(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    cookie, pair = await open_cookie(services), await open_pair(services)
    await services.trusted_devices.trust(context(), principal.user_id)
    reset = await undo(services, await move(services, mailbox, principal))

    assert await email_of(services, principal) == EMAIL
    for credential in (cookie, pair.access_token):
        with pytest.raises(SessionEnded):
            await principal_of(services, credential)
    assert await how_many(services, DEVICES) == 0
    assert await how_many(services, HOLDS) == 0
    with pytest.raises(InvalidCredentials):
        await prove(services, NEW)
    await choose(services, reset, "fourteen lanterns over calm water")
    assert await prove(services, password="fourteen lanterns over calm water")
    with pytest.raises(InvalidCredentials):
        await prove(services)
    [event] = await audited(services, "email_change_undone")
    assert event.user_id == principal.user_id
    assert "Your email change was undone" in [letter.subject for letter in mailbox.letters]


async def test_it_stops_a_change_that_still_waits(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    reset = await undo(services, undo_token(mailbox))

    with pytest.raises(LinkReplaced):
        await confirm(services, confirm_token(mailbox))
    assert await email_of(services, principal) == EMAIL
    assert await services.sessions.count_active(principal.user_id) == 0
    await choose(services, reset)


async def test_the_way_back_of_the_first_letter_works_after_the_change_too(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    first = undo_token(mailbox)
    await confirm(services, confirm_token(mailbox))
    second = undo_token(mailbox)
    await undo(services, first)

    assert first != second
    assert await email_of(services, principal) == EMAIL


async def test_for_three_days_and_no_longer(
    services: Services, clock: FakeClock, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    back = await move(services, mailbox, principal)
    clock.advance(3 * DAY)
    with pytest.raises(LinkExpired):
        await undo(services, back)
    assert await email_of(services, principal) == NEW
    assert await services.email_change.purge_expired() == 1
    assert (await register(services)).email == EMAIL


async def test_until_then_nobody_else_gets_the_old_address(
    services: Services, clock: FakeClock, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    back = await move(services, mailbox, principal)
    with pytest.raises(EmailTaken):
        await register(services)
    theo = await somebody(services, THEO)
    mailbox.empty()
    await ask(services, theo, EMAIL)
    assert mailbox.letters[0].subject == "Someone tried to use your email"
    async with services.database.unit() as connection:  # as if it had been asked for before
        token = await services.links.issue(connection, Purpose.EMAIL_CHANGE, theo.user_id, 600, EMAIL)
    with pytest.raises(EmailTaken):
        await confirm(services, token)

    clock.advance(3 * DAY - 1)
    await undo(services, back)
    assert await email_of(services, principal) == EMAIL


async def test_a_thief_who_moves_on_is_undone_by_the_owner_and_cannot_answer(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    mine = await move(services, mailbox, principal)
    theirs = await move(services, mailbox, principal, THIRD)
    await undo(services, mine)

    with pytest.raises(LinkReplaced):
        await undo(services, theirs)
    assert await email_of(services, principal) == EMAIL


async def test_a_thief_who_goes_back_one_step_does_not_take_the_owners_way_back(
    services: Services, clock: FakeClock, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    mine = await move(services, mailbox, principal)
    clock.advance(1)
    theirs = await move(services, mailbox, principal, THIRD)
    await undo(services, theirs)
    assert await email_of(services, principal) == NEW
    await undo(services, mine)

    assert await email_of(services, principal) == EMAIL


async def test_of_many_that_take_it_back_one_does(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    back = await move(services, mailbox, principal)
    outcomes = await asyncio.gather(*(undo(services, back) for _ in range(10)), return_exceptions=True)

    assert Counter(map(type, outcomes)) == {str: 1, LinkUsed: 9}, outcomes
    assert len(await audited(services, "email_change_undone")) == 1


async def test_confirming_and_taking_back_at_once_end_at_the_old_address(
    services: Services, clock: FakeClock, mailbox: Mailbox
) -> None:
    await register(services)
    password = PASSWORD
    for number in range(5):
        grant = await prove(services, password=password)
        principal = await principal_of(services, await open_browser(services, grant))
        new = f"mina{number}@elsewhere.dev"
        await ask(services, principal, new)
        confirmed, undone = await asyncio.gather(
            confirm(services, confirm_token(mailbox, new)),
            undo(services, undo_token(mailbox)),
            return_exceptions=True,
        )
        assert isinstance(confirmed, Account | LinkRefused), confirmed
        assert isinstance(undone, str), undone
        assert await email_of(services, principal) == EMAIL
        password = f"fourteen lanterns over calm water {number}"
        await choose(services, undone, password)
        clock.advance(3600)


async def test_without_redis_taking_it_back_waits_and_changes_nothing(
    settings: Settings, open_services: OpenServices, own_redis: EmbeddedRedis, mailbox: Mailbox
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    await register(services)
    principal = await principal_of(services, await open_cookie(services))
    back = await move(services, mailbox, principal)
    own_redis.stop()
    with pytest.raises(Unavailable):
        await undo(services, back)

    assert await email_of(services, principal) == NEW
    assert await services.links.peek(Purpose.EMAIL_CHANGE_UNDO, back)
