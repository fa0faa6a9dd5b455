"""Verifying an address, on both databases."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import (
    EmailInvalid,
    LinkExpired,
    LinkReplaced,
    LinkUnknown,
    LinkUsed,
    SessionEnded,
)
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import LINKS, USERS
from autograph_web.authn.flow.errors import EmailNotVerified, InvalidCredentials
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.mail.store import OUTBOX
from autograph_web.recovery.first_verification import Evidence
from tests.support.mail.links import token_to
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    WRONG,
    audited,
    change,
    context,
    how_many,
    prove,
    register,
    rows,
)

PAGE = "/verify-email"
REQUIRED = pytest.mark.parametrize("settings_changes", [{"email_verification": "required"}])
OFF = pytest.mark.parametrize("settings_changes", [{"email_verification": "off"}])


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """The default settings of an operator."""
    return {"email_verification": "banner"}


@pytest.fixture
async def mina(services: Services) -> Account:
    return await register(services)


async def confirm(services: Services, token: str) -> Account:
    evidence = Evidence(password=PASSWORD)
    return (await services.first_proof.confirm(context(), token, evidence)).account


async def is_verified(services: Services, email: str = EMAIL) -> bool:
    return next(
        row.email_verified_at is not None for row in await rows(services, USERS) if row.email == email
    )


async def test_registering_posts_a_link_that_verifies(
    services: Services, mailbox: Mailbox, mina: Account
) -> None:
    assert not mina.email_verified
    account = await confirm(services, token_to(mailbox, EMAIL, PAGE))

    assert (account.id, account.email_verified) == (mina.id, True)
    assert await is_verified(services)
    [event] = await audited(services, "email_verified")
    assert event.user_id == mina.id


async def test_a_registration_that_is_refused_posts_nothing(services: Services, mailbox: Mailbox) -> None:
    outcomes = await asyncio.gather(*(register(services) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert [letter.to for letter in mailbox.letters] == [EMAIL]


@OFF
async def test_when_off_no_verification_is_requested(
    services: Services, mailbox: Mailbox, mina: Account
) -> None:
    assert not mina.email_verified
    assert mailbox.letters == []
    assert await how_many(services, LINKS) == 0
    assert await prove(services)


@pytest.mark.usefixtures("mina")
async def test_a_link_works_once(services: Services, mailbox: Mailbox) -> None:
    token = token_to(mailbox, EMAIL, PAGE)
    await confirm(services, token)

    with pytest.raises(LinkUsed):
        await confirm(services, token)
    assert len(await audited(services, "email_verified")) == 1


@pytest.mark.usefixtures("mina")
async def test_of_many_at_once_one_verifies(services: Services, mailbox: Mailbox) -> None:
    token = token_to(mailbox, EMAIL, PAGE)
    outcomes = await asyncio.gather(*(confirm(services, token) for _ in range(10)), return_exceptions=True)

    assert Counter(map(type, outcomes)) == {Account: 1, LinkUsed: 9}, outcomes
    assert len(await audited(services, "email_verified")) == 1


@pytest.mark.usefixtures("mina")
async def test_after_a_day_it_is_too_old(services: Services, clock: FakeClock, mailbox: Mailbox) -> None:
    clock.advance(86_400)
    with pytest.raises(LinkExpired):
        await confirm(services, token_to(mailbox, EMAIL, PAGE))
    assert not await is_verified(services)


@pytest.mark.usefixtures("mina")
@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\0", "é" * 43, "x" * 100_000])
async def test_what_is_no_token_verifies_nothing(services: Services, token: str) -> None:
    with pytest.raises(LinkUnknown):
        await confirm(services, token)


async def test_a_link_for_something_else_verifies_nothing(services: Services, mina: Account) -> None:
    for purpose in set(Purpose) - {Purpose.EMAIL_VERIFICATION}:
        async with services.database.unit() as connection:
            token = await services.links.issue(connection, purpose, mina.id, 600, EMAIL)
        with pytest.raises(LinkUnknown):
            await confirm(services, token)
    assert not await is_verified(services)


@pytest.mark.usefixtures("mina")
async def test_a_link_to_an_address_that_was_left_verifies_no_other(
    services: Services, mailbox: Mailbox
) -> None:
    token = token_to(mailbox, EMAIL, PAGE)
    await change(services, USERS, email="mina@elsewhere.dev", email_key="mina@elsewhere.dev")
    with pytest.raises(LinkUnknown):
        await confirm(services, token)
    assert not await is_verified(services, "mina@elsewhere.dev")


@pytest.mark.usefixtures("mina")
async def test_guessing_tokens_has_to_wait(services: Services, mailbox: Mailbox) -> None:
    for _ in range(20):
        with pytest.raises(LinkUnknown):
            await confirm(services, "A" * 43)
    with pytest.raises(RateLimited):
        await confirm(services, token_to(mailbox, EMAIL, PAGE))


async def test_a_new_link_takes_the_place_of_the_old(
    services: Services, mailbox: Mailbox, mina: Account
) -> None:
    old = token_to(mailbox, EMAIL, PAGE)
    assert await services.verification.resend(context(), mina.id)
    new = token_to(mailbox, EMAIL, PAGE)

    assert new != old
    with pytest.raises(LinkReplaced):
        await confirm(services, old)
    await confirm(services, new)
    assert not await services.verification.resend(context(), mina.id)
    assert len(await audited(services, "email_verification_requested")) == 1


async def test_a_letter_a_minute_and_five_an_hour(
    services: Services, clock: FakeClock, mina: Account
) -> None:
    for _ in range(5):
        await services.verification.resend(context(), mina.id)
        with pytest.raises(RateLimited) as refused:
            await services.verification.resend(context(), mina.id)
        assert refused.value.retry_after is not None
        clock.advance(60)
    with pytest.raises(RateLimited):
        await services.verification.resend(context(), mina.id)


async def test_who_is_gone_gets_no_letter(services: Services, mina: Account) -> None:
    async with services.database.unit() as connection:
        await connection.execute(USERS.delete())
    with pytest.raises(SessionEnded):
        await services.verification.resend(context(), mina.id)


async def ask(services: Services, email: str, ip: str = "203.0.113.7") -> None:
    await services.verification.request(context(ip), email)


@pytest.mark.usefixtures("mina")
@pytest.mark.parametrize("spelled", [EMAIL, "MINA@Northwind.dev", " mina@northwind.dev"])
async def test_typing_the_address_is_as_good(services: Services, mailbox: Mailbox, spelled: str) -> None:
    mailbox.empty()
    await ask(services, spelled)

    assert (await confirm(services, token_to(mailbox, EMAIL, PAGE))).email_verified


async def written(services: Services) -> tuple[int, int]:
    return await how_many(services, LINKS), await how_many(services, OUTBOX)


async def test_whether_there_is_an_account_cannot_be_told(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    await register(services, "theo@northwind.dev")
    await confirm(services, token_to(mailbox, "theo@northwind.dev", PAGE))
    mailbox.empty()
    grown: list[tuple[int, int]] = []
    for email in (EMAIL, "theo@northwind.dev", "nobody@northwind.dev"):
        links, letters = await written(services)
        await ask(services, email)
        after = await written(services)
        grown.append((after[0] - links, after[1] - letters))

    assert grown == [(1, 1)] * 3
    assert [letter.to for letter in mailbox.letters] == [EMAIL]


async def test_a_mailbox_is_not_flooded_by_strangers(
    services: Services, mailbox: Mailbox, mina: Account
) -> None:
    mailbox.empty()
    for number in range(6):
        await ask(services, EMAIL, f"192.0.2.{number}")
    assert len(mailbox.letters) == 1
    assert await services.verification.resend(context(), mina.id), "strangers don't use up the owner's own"


async def test_one_network_address_asks_so_often_only(services: Services) -> None:
    for number in range(20):
        await ask(services, f"nobody{number}@northwind.dev")
    with pytest.raises(RateLimited):
        await ask(services, EMAIL)


@pytest.mark.parametrize("email", ["", "mina", "mina@northwind.dev\r\nBcc: x@y.dev", "x" * 5000, "\0@x.dev"])
async def test_what_is_no_address_is_refused(services: Services, email: str) -> None:
    with pytest.raises(EmailInvalid):
        await ask(services, email)


@REQUIRED
async def test_where_it_is_required_nobody_gets_in_before(
    services: Services, mailbox: Mailbox, mina: Account
) -> None:
    with pytest.raises(EmailNotVerified):
        await services.sign_in.after_registration(context(), mina)
    with pytest.raises(EmailNotVerified):
        await prove(services)
    [event] = await audited(services, "login_failed")
    assert (event.user_id, event.details) == (mina.id, {"reason": "email_not_verified"})
    await confirm(services, token_to(mailbox, EMAIL, PAGE))

    assert await prove(services)


@REQUIRED
@pytest.mark.usefixtures("mina")
async def test_a_missing_verification_is_disclosed_only_with_the_password(services: Services) -> None:
    with pytest.raises(InvalidCredentials):
        await prove(services, password=WRONG)
    with pytest.raises(InvalidCredentials):
        await prove(services, "nobody@northwind.dev")


@REQUIRED
@pytest.mark.usefixtures("mina")
async def test_waiting_for_the_letter_uses_no_tries_up(services: Services) -> None:
    for _ in range(8):
        with pytest.raises(EmailNotVerified):
            await prove(services)
