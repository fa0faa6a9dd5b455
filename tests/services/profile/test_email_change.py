"""Moving an account to another address, and back, on both databases."""

import asyncio
from collections import Counter

import pytest

from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import (
    EmailInvalid,
    EmailTaken,
    LinkExpired,
    LinkReplaced,
    LinkUnknown,
    LinkUsed,
)
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import HOLDS, USERS
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.mail.store import OUTBOX
from autograph_web.profile.errors import EmailUnchanged
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.mail.mailbox import Mailbox
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
    audited,
    context,
    how_many,
    open_cookie,
    open_pair,
    prove,
    register,
    rows,
)
from tests.support.services.password_reset import choose
from tests.support.services.two_step import enrol, fresh_viewer, principal_of

THIRD, THEO = "mina@third.dev", "theo@northwind.dev"
DAY = 86_400


@pytest.fixture
async def principal(services: Services) -> SessionPrincipal:
    await register(services)
    return await principal_of(services, await open_cookie(services))


async def test_nothing_changes_before_the_new_address_is_confirmed(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    mailbox.empty()
    assert await ask(services, principal) == NEW

    assert [(letter.to, letter.subject) for letter in mailbox.letters] == [
        (NEW, "Confirm your new email"),
        (EMAIL, "Email change requested"),
    ]
    assert await email_of(services, principal) == EMAIL
    assert await prove(services)
    with pytest.raises(InvalidCredentials):
        await prove(services, NEW)


async def test_confirming_moves_the_account_and_signs_nobody_out(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    cookie, pair = await open_cookie(services), await open_pair(services)
    await ask(services, principal)
    account = await confirm(services, confirm_token(mailbox))

    assert (account.id, account.email, account.email_verified) == (principal.user_id, NEW, True)
    for credential in (cookie, pair.access_token):
        assert (await principal_of(services, credential)).email == NEW
    assert (await prove(services, NEW)).user_id == principal.user_id
    with pytest.raises(InvalidCredentials):
        await prove(services)
    assert len(await audited(services, "email_change_requested")) == 1
    [event] = await audited(services, "email_changed")
    assert event.user_id == principal.user_id
    assert "elsewhere" not in str(event.details)
    assert (mailbox.letters[-1].to, mailbox.letters[-1].subject) == (EMAIL, "Your email was changed")


async def test_confirming_ends_every_other_link(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    purposes = (Purpose.PASSWORD_RESET, Purpose.EMAIL_VERIFICATION, Purpose.SIGN_IN_REFUSAL)
    await ask(services, principal)
    async with services.database.unit() as connection:
        tokens = {
            purpose: await services.links.issue(connection, purpose, principal.user_id, 600, EMAIL)
            for purpose in purposes
        }
    await confirm(services, confirm_token(mailbox))

    for purpose, token in tokens.items():
        with pytest.raises(LinkReplaced):
            await services.links.peek(purpose, token)


async def test_a_later_wish_takes_the_place_of_an_earlier(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    await ask(services, principal, THIRD)
    with pytest.raises(LinkReplaced):
        await confirm(services, confirm_token(mailbox))
    assert (await confirm(services, confirm_token(mailbox, THIRD))).email == THIRD


@pytest.mark.parametrize(
    "email",
    [
        "",
        "mina",
        "mina@elsewhere.dev\r\nBcc: all@northwind.dev",
        "mina@elsewhere.dev\nSubject: x",
        "<theo@elsewhere.dev> <mina@elsewhere.dev>",
        "mina@elsewhere.dev, theo@elsewhere.dev",
        "x" * 100_000,
        "\0@x.dev",
        "\ud800@x.dev",
    ],
)
async def test_what_is_no_address_is_refused(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal, email: str
) -> None:
    mailbox.empty()
    with pytest.raises(EmailInvalid):
        await ask(services, principal, email)
    assert mailbox.letters == []


@pytest.mark.parametrize(
    "email", ["jörg.müller@bücher.example.com", "用户@例子.广告", "δοκιμή@παράδειγμα.ελ"]
)
async def test_an_address_may_be_in_any_script(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal, email: str
) -> None:
    text = await ask(services, principal, email)
    assert (await confirm(services, confirm_token(mailbox, text))).email == text
    assert (await prove(services, email)).user_id == principal.user_id


@pytest.mark.parametrize("email", [EMAIL, "MINA@northwind.DEV", " mina@northwind.dev "])
async def test_the_address_there_is_is_no_change(
    services: Services, principal: SessionPrincipal, email: str
) -> None:
    with pytest.raises(EmailUnchanged):
        await ask(services, principal, email)


async def test_it_needs_a_fresh_sign_in(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    clock.advance(601)
    with pytest.raises(ReauthenticationRequired):
        await ask(services, principal)


async def test_with_two_step_verification_it_needs_the_factor(
    services: Services, clock: FakeClock, mailbox: Mailbox
) -> None:
    mina = await enrol(services, clock)
    with pytest.raises(ReauthenticationRequired):
        await ask(services, await principal_of(services, mina.access_token))
    await ask(services, await fresh_viewer(services, clock, mina))
    assert (await confirm(services, confirm_token(mailbox))).mfa_enabled


async def test_nobody_is_flooded_with_letters(services: Services, principal: SessionPrincipal) -> None:
    for _ in range(3):
        await ask(services, principal)
    with pytest.raises(RateLimited):
        await ask(services, principal)
    for number in range(2):
        await ask(services, principal, f"other{number}@elsewhere.dev")
    with pytest.raises(RateLimited):
        await ask(services, principal, "another@elsewhere.dev")


@pytest.mark.parametrize("spelled", [THEO, "THEO@Northwind.dev"])
async def test_that_an_address_is_taken_is_told_to_its_owner_alone(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal, spelled: str
) -> None:
    await register(services, THEO)
    before = await how_many(services, OUTBOX)
    await ask(services, principal)
    for_a_free_one = await how_many(services, OUTBOX) - before
    mailbox.empty()
    await ask(services, principal, spelled)

    assert await how_many(services, OUTBOX) - before == 2 * for_a_free_one
    to_owner, to_asker = mailbox.letters
    assert (to_owner.subject, to_owner.action) == ("Someone tried to use your email", None)
    assert to_owner.to.lower() == THEO
    assert EMAIL not in str(to_owner)
    assert to_asker.to == EMAIL


async def test_an_address_that_was_taken_meanwhile_is_refused_clearly(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    token = confirm_token(mailbox)
    await register(services, NEW.upper())
    for _ in range(2):
        with pytest.raises(EmailTaken):
            await confirm(services, token)
    assert await email_of(services, principal) == EMAIL
    assert await audited(services, "email_changed") == []


async def test_of_many_that_confirm_at_once_one_does(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    token = confirm_token(mailbox)
    outcomes = await asyncio.gather(*(confirm(services, token) for _ in range(10)), return_exceptions=True)

    assert Counter(map(type, outcomes)) == {Account: 1, LinkUsed: 9}, outcomes
    assert len(await audited(services, "email_changed")) == 1


async def test_of_all_that_want_one_address_one_gets_it(services: Services, mailbox: Mailbox) -> None:
    tokens: list[str] = []
    for name in ("mina", "theo", "noor"):
        await ask(services, await somebody(services, f"{name}@northwind.dev"))
        tokens.append(confirm_token(mailbox))
    outcomes = await asyncio.gather(
        *(confirm(services, token) for token in tokens), register(services, NEW), return_exceptions=True
    )

    assert Counter(map(type, outcomes)) == {Account: 1, EmailTaken: 3}, outcomes
    assert [row.email for row in await rows(services, USERS)].count(NEW) == 1


async def test_a_day_later_the_link_is_too_old(
    services: Services, clock: FakeClock, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    clock.advance(DAY)
    with pytest.raises(LinkExpired):
        await confirm(services, confirm_token(mailbox))


async def test_a_new_password_by_a_link_stops_it(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    async with services.database.unit() as connection:
        reset = await services.links.issue(connection, Purpose.PASSWORD_RESET, principal.user_id, 600, EMAIL)
    await choose(services, reset)
    with pytest.raises(LinkReplaced):
        await confirm(services, confirm_token(mailbox))


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\0", "x" * 100_000])
async def test_what_is_no_token_changes_nothing(
    services: Services, principal: SessionPrincipal, token: str
) -> None:
    for use in (confirm, undo):
        with pytest.raises(LinkUnknown):
            await use(services, token)
    assert await email_of(services, principal) == EMAIL


async def test_a_link_for_something_else_changes_nothing(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    with pytest.raises(LinkUnknown):
        await confirm(services, undo_token(mailbox))
    with pytest.raises(LinkUnknown):
        await undo(services, confirm_token(mailbox))


async def test_leaving_an_address_and_wanting_it_at_once_leaves_no_gap(
    services: Services, mailbox: Mailbox
) -> None:
    for number in range(5):
        old, new = f"old{number}@northwind.dev", f"new{number}@elsewhere.dev"
        principal = await somebody(services, old)
        await ask(services, principal, new)
        thief = await somebody(services, f"thief{number}@northwind.dev")
        async with services.database.unit() as connection:
            stolen = await services.links.issue(connection, Purpose.EMAIL_CHANGE, thief.user_id, 600, old)
        outcomes = await asyncio.gather(
            confirm(services, confirm_token(mailbox, new)),
            register(services, old),
            confirm(services, stolen),
            return_exceptions=True,
        )
        assert list(map(type, outcomes)) == [Account, EmailTaken, EmailTaken], outcomes


async def test_who_moved_may_come_back_by_another_change(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await move(services, mailbox, principal)
    await move(services, mailbox, principal, EMAIL)

    assert await email_of(services, principal) == EMAIL
    assert [row.email_key for row in await rows(services, HOLDS)] == [NEW]
    exported = "".join([part async for part in await services.data_export.begin(context(), principal)])
    assert f'"email_key": "{NEW}"' in exported


async def test_a_locked_account_moves_nowhere(
    services: Services, mailbox: Mailbox, principal: SessionPrincipal
) -> None:
    await ask(services, principal)
    async with services.database.unit() as connection:
        await connection.execute(USERS.update().values(status="locked"))
    with pytest.raises(LinkUnknown):
        await confirm(services, confirm_token(mailbox))
    with pytest.raises(LinkUnknown):
        await undo(services, undo_token(mailbox))
