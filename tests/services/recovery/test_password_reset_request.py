"""Requesting a new password: who gets a link, and how often."""

import pytest

from autograph_web.accounts.errors import EmailInvalid, LinkUnknown
from autograph_web.accounts.store import LINKS, USERS
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.mail.store import OUTBOX
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, audited, change, how_many, prove, register
from tests.support.services.password_reset import NEW_PASSWORD, ask, ask_and_open, choose

HOUR = 3600


async def test_the_letter_leads_to_a_new_password(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    account = await choose(services, await ask_and_open(services, mailbox))

    assert account.email == EMAIL
    assert await prove(services, password=NEW_PASSWORD)
    with pytest.raises(InvalidCredentials):
        await prove(services)


async def test_the_letter_says_who_asked_and_how_long_it_is_good(
    services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    await ask(services)
    [letter] = mailbox.letters
    text = " ".join((*letter.paragraphs, *(value for _, value in letter.facts)))

    assert (letter.to, letter.subject) == (EMAIL, "Reset your password")
    assert "1 hour" in text
    assert "203.0.113.7" in text


async def test_the_address_is_found_however_it_is_written(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    await ask(services, f"  {EMAIL.upper()} ")

    assert [letter.to for letter in mailbox.letters] == [EMAIL]


async def test_a_stranger_gets_no_letter_and_leaves_as_many_rows(
    services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    counts: list[tuple[int, int, int]] = []
    for email in (EMAIL, "nobody@northwind.dev"):
        before = [await how_many(services, table) for table in (LINKS, OUTBOX)]
        written = len(await audited(services, "password_reset_requested"))
        await ask(services, email)
        after = [await how_many(services, table) for table in (LINKS, OUTBOX)]
        now_written = len(await audited(services, "password_reset_requested"))
        counts.append((after[0] - before[0], after[1] - before[1], now_written - written))

    assert counts == [(1, 1, 1), (1, 1, 1)]
    assert [letter.to for letter in mailbox.letters] == [EMAIL]


async def test_a_locked_account_gets_none(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    await change(services, USERS, status="locked")
    await ask(services)

    assert mailbox.letters == []


async def test_an_account_locked_since_takes_no_password(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    await change(services, USERS, status="locked")

    with pytest.raises(LinkUnknown):
        await choose(services, token)
    await change(services, USERS, status="active")
    assert await prove(services)


@pytest.mark.parametrize("email", ["", "mina", "@", "mina@northwind", "a" * 2000 + "@b.dev", "\0@b.dev"])
async def test_what_is_no_address_is_refused(services: Services, email: str) -> None:
    with pytest.raises(EmailInvalid):
        await ask(services, email)


async def test_nobody_can_flood_a_mailbox(services: Services, mailbox: Mailbox, clock: FakeClock) -> None:
    await register(services)
    for number in range(6):
        await ask(services, EMAIL if number % 2 else EMAIL.upper(), ip=f"198.51.100.{number}")
    assert len(mailbox.letters) == 3

    clock.advance(HOUR)
    await ask(services)
    assert len(mailbox.letters) == 4


@pytest.mark.parametrize("settings_changes", [{"limit_reset": "2/1h"}])
async def test_an_address_may_ask_so_often(services: Services, clock: FakeClock) -> None:
    for name in ("one", "two"):
        await ask(services, f"{name}@northwind.dev")
    with pytest.raises(RateLimited) as refusal:
        await ask(services, "three@northwind.dev")

    assert refusal.value.retry_after == HOUR
    await ask(services, "three@northwind.dev", ip="192.0.2.1")
    assert [row.details["reason"] for row in await audited(services, "password_reset_failed")] == [
        "rate_limited"
    ]
    clock.advance(HOUR)
    await ask(services, "three@northwind.dev")


@pytest.mark.parametrize("settings_changes", [{"limit_reset": "2/1h"}])
async def test_nonsense_counts_too(services: Services) -> None:
    for _ in range(2):
        with pytest.raises(EmailInvalid):
            await ask(services, "nonsense")
    with pytest.raises(RateLimited):
        await ask(services)
