"""Moving an account to another address, and back, on both databases."""

import asyncio
from collections import Counter

import pytest

from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import (
    EmailInvalid,
    EmailTaken,
    LinkExpired,
    LinkRefused,
    LinkReplaced,
    LinkUnknown,
    LinkUsed,
    SessionEnded,
)
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import HOLDS, USERS
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.infra.errors import RateLimited, Unavailable
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.mail.store import OUTBOX
from autograph_web.profile.errors import EmailUnchanged
from autograph_web.runtime import Services
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.sessions.viewer import Viewer
from autograph_web.settings import Settings
from tests.support.app import OpenServices
from tests.support.clock import FakeClock
from tests.support.factories import (
    EMAIL,
    PASSWORD,
    audited,
    context,
    how_many,
    open_cookie,
    open_pair,
    prove,
    register,
    rows,
)
from tests.support.links import token_to
from tests.support.mailbox import Mailbox
from tests.support.recovery import choose
from tests.support.two_step import enrol, fresh_viewer, open_browser, viewer_of

NEW, THIRD, THEO = "mina@elsewhere.dev", "mina@third.dev", "theo@northwind.dev"
DAY = 86_400


@pytest.fixture
async def viewer(services: Services) -> Viewer:
    await register(services)
    return await viewer_of(services, await open_cookie(services))


async def somebody(services: Services, email: str) -> Viewer:
    await register(services, email)
    return await viewer_of(services, (await open_pair(services, email)).access_token)


async def ask(services: Services, viewer: Viewer, email: str = NEW) -> str:
    return await services.email_change.request(context(), viewer, email)


async def confirm(services: Services, token: str) -> Account:
    return await services.email_change.confirm(context(), token)


async def undo(services: Services, token: str) -> str:
    return (await services.email_undo.undo(context(), token)).token


def confirm_token(mailbox: Mailbox, email: str = NEW) -> str:
    return token_to(mailbox, email, "/change-email")


def undo_token(mailbox: Mailbox, email: str = EMAIL) -> str:
    return token_to(mailbox, email, "/undo-email-change")


async def email_of(services: Services, viewer: Viewer) -> str:
    return (await services.profiles.of(viewer.user_id)).email


async def move(services: Services, mailbox: Mailbox, viewer: Viewer, email: str = NEW) -> str:
    """Change the address and return the way back."""
    old = await email_of(services, viewer)
    await ask(services, viewer, email)
    await confirm(services, confirm_token(mailbox, email))
    return undo_token(mailbox, old)


async def test_nothing_changes_before_the_new_address_is_confirmed(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    mailbox.empty()
    assert await ask(services, viewer) == NEW

    assert [(letter.to, letter.subject) for letter in mailbox.letters] == [
        (NEW, "Confirm your new email"),
        (EMAIL, "Your email is about to change"),
    ]
    assert await email_of(services, viewer) == EMAIL
    assert await prove(services)
    with pytest.raises(InvalidCredentials):
        await prove(services, NEW)


async def test_confirming_moves_the_account_and_signs_nobody_out(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    cookie, pair = await open_cookie(services), await open_pair(services)
    await ask(services, viewer)
    account = await confirm(services, confirm_token(mailbox))

    assert (account.id, account.email, account.email_verified) == (viewer.user_id, NEW, True)
    for credential in (cookie, pair.access_token):
        assert (await viewer_of(services, credential)).email == NEW
    assert (await prove(services, NEW)).user_id == viewer.user_id
    with pytest.raises(InvalidCredentials):
        await prove(services)
    assert len(await audited(services, "email_change_requested")) == 1
    [event] = await audited(services, "email_changed")
    assert event.user_id == viewer.user_id
    assert "elsewhere" not in str(event.details)
    assert (mailbox.letters[-1].to, mailbox.letters[-1].subject) == (EMAIL, "Your email was changed")


async def test_confirming_ends_every_other_link(services: Services, mailbox: Mailbox, viewer: Viewer) -> None:
    purposes = (Purpose.PASSWORD_RESET, Purpose.EMAIL_VERIFICATION, Purpose.SIGN_IN_REFUSAL)
    await ask(services, viewer)
    async with services.database.unit() as connection:
        tokens = {
            purpose: await services.links.issue(connection, purpose, viewer.user_id, 600, EMAIL)
            for purpose in purposes
        }
    await confirm(services, confirm_token(mailbox))

    for purpose, token in tokens.items():
        with pytest.raises(LinkReplaced):
            await services.links.peek(purpose, token)


async def test_a_later_wish_takes_the_place_of_an_earlier(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    await ask(services, viewer)
    await ask(services, viewer, THIRD)
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
    services: Services, mailbox: Mailbox, viewer: Viewer, email: str
) -> None:
    mailbox.empty()
    with pytest.raises(EmailInvalid):
        await ask(services, viewer, email)
    assert mailbox.letters == []


@pytest.mark.parametrize(
    "email", ["jörg.müller@bücher.example.com", "用户@例子.广告", "δοκιμή@παράδειγμα.ελ"]
)
async def test_an_address_may_be_in_any_script(
    services: Services, mailbox: Mailbox, viewer: Viewer, email: str
) -> None:
    text = await ask(services, viewer, email)
    assert (await confirm(services, confirm_token(mailbox, text))).email == text
    assert (await prove(services, email)).user_id == viewer.user_id


@pytest.mark.parametrize("email", [EMAIL, "MINA@northwind.DEV", " mina@northwind.dev "])
async def test_the_address_there_is_is_no_change(services: Services, viewer: Viewer, email: str) -> None:
    with pytest.raises(EmailUnchanged):
        await ask(services, viewer, email)


async def test_it_needs_a_fresh_sign_in(services: Services, clock: FakeClock, viewer: Viewer) -> None:
    clock.advance(601)
    with pytest.raises(ReauthenticationRequired):
        await ask(services, viewer)


async def test_with_two_step_verification_it_needs_the_factor(
    services: Services, clock: FakeClock, mailbox: Mailbox
) -> None:
    mina = await enrol(services, clock)
    with pytest.raises(ReauthenticationRequired):
        await ask(services, await viewer_of(services, mina.access_token))
    await ask(services, await fresh_viewer(services, clock, mina))
    assert (await confirm(services, confirm_token(mailbox))).mfa_enabled


async def test_nobody_is_flooded_with_letters(services: Services, viewer: Viewer) -> None:
    for _ in range(3):
        await ask(services, viewer)
    with pytest.raises(RateLimited):
        await ask(services, viewer)
    for number in range(2):
        await ask(services, viewer, f"other{number}@elsewhere.dev")
    with pytest.raises(RateLimited):
        await ask(services, viewer, "another@elsewhere.dev")


@pytest.mark.parametrize("spelled", [THEO, "THEO@Northwind.dev"])
async def test_that_an_address_is_taken_is_told_to_its_owner_alone(
    services: Services, mailbox: Mailbox, viewer: Viewer, spelled: str
) -> None:
    await register(services, THEO)
    before = await how_many(services, OUTBOX)
    await ask(services, viewer)
    for_a_free_one = await how_many(services, OUTBOX) - before
    mailbox.empty()
    await ask(services, viewer, spelled)

    assert await how_many(services, OUTBOX) - before == 2 * for_a_free_one
    to_owner, to_asker = mailbox.letters
    assert (to_owner.subject, to_owner.action) == ("Somebody wanted to use your email", None)
    assert to_owner.to.lower() == THEO
    assert EMAIL not in str(to_owner)
    assert to_asker.to == EMAIL


async def test_an_address_that_was_taken_meanwhile_is_refused_clearly(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    await ask(services, viewer)
    token = confirm_token(mailbox)
    await register(services, NEW.upper())
    for _ in range(2):
        with pytest.raises(EmailTaken):
            await confirm(services, token)
    assert await email_of(services, viewer) == EMAIL
    assert await audited(services, "email_changed") == []


async def test_of_many_that_confirm_at_once_one_does(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    await ask(services, viewer)
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
    services: Services, clock: FakeClock, mailbox: Mailbox, viewer: Viewer
) -> None:
    await ask(services, viewer)
    clock.advance(DAY)
    with pytest.raises(LinkExpired):
        await confirm(services, confirm_token(mailbox))


async def test_a_new_password_by_a_link_stops_it(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    await ask(services, viewer)
    async with services.database.unit() as connection:
        reset = await services.links.issue(connection, Purpose.PASSWORD_RESET, viewer.user_id, 600, EMAIL)
    await choose(services, reset)
    with pytest.raises(LinkReplaced):
        await confirm(services, confirm_token(mailbox))


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\0", "x" * 100_000])
async def test_what_is_no_token_changes_nothing(services: Services, viewer: Viewer, token: str) -> None:
    for use in (confirm, undo):
        with pytest.raises(LinkUnknown):
            await use(services, token)
    assert await email_of(services, viewer) == EMAIL


async def test_a_link_for_something_else_changes_nothing(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    await ask(services, viewer)
    with pytest.raises(LinkUnknown):
        await confirm(services, undo_token(mailbox))
    with pytest.raises(LinkUnknown):
        await undo(services, confirm_token(mailbox))


async def test_the_old_address_takes_it_back_and_ends_everything(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    cookie, pair = await open_cookie(services), await open_pair(services)
    await services.trusted_devices.trust(context(), viewer.user_id)
    reset = await undo(services, await move(services, mailbox, viewer))

    assert await email_of(services, viewer) == EMAIL
    for credential in (cookie, pair.access_token):
        with pytest.raises(SessionEnded):
            await viewer_of(services, credential)
    assert await how_many(services, DEVICES) == 0
    assert await how_many(services, HOLDS) == 0
    with pytest.raises(InvalidCredentials):
        await prove(services, NEW)
    await choose(services, reset, "fourteen lanterns over calm water")
    assert await prove(services, password="fourteen lanterns over calm water")
    with pytest.raises(InvalidCredentials):
        await prove(services)
    [event] = await audited(services, "email_change_undone")
    assert event.user_id == viewer.user_id
    assert "The change of your email was taken back" in [letter.subject for letter in mailbox.letters]


async def test_it_stops_a_change_that_still_waits(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    await ask(services, viewer)
    reset = await undo(services, undo_token(mailbox))

    with pytest.raises(LinkReplaced):
        await confirm(services, confirm_token(mailbox))
    assert await email_of(services, viewer) == EMAIL
    assert await services.sessions.count_active(viewer.user_id) == 0
    await choose(services, reset)


async def test_the_way_back_of_the_first_letter_works_after_the_change_too(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    await ask(services, viewer)
    first = undo_token(mailbox)
    await confirm(services, confirm_token(mailbox))
    second = undo_token(mailbox)
    await undo(services, first)

    assert first != second
    assert await email_of(services, viewer) == EMAIL


async def test_for_three_days_and_no_longer(
    services: Services, clock: FakeClock, mailbox: Mailbox, viewer: Viewer
) -> None:
    back = await move(services, mailbox, viewer)
    clock.advance(3 * DAY)
    with pytest.raises(LinkExpired):
        await undo(services, back)
    assert await email_of(services, viewer) == NEW
    assert await services.email_change.forget_expired() == 1
    assert (await register(services)).email == EMAIL


async def test_until_then_nobody_else_gets_the_old_address(
    services: Services, clock: FakeClock, mailbox: Mailbox, viewer: Viewer
) -> None:
    back = await move(services, mailbox, viewer)
    with pytest.raises(EmailTaken):
        await register(services)
    theo = await somebody(services, THEO)
    mailbox.empty()
    await ask(services, theo, EMAIL)
    assert mailbox.letters[0].subject == "Somebody wanted to use your email"
    async with services.database.unit() as connection:  # as if it had been asked for before
        token = await services.links.issue(connection, Purpose.EMAIL_CHANGE, theo.user_id, 600, EMAIL)
    with pytest.raises(EmailTaken):
        await confirm(services, token)

    clock.advance(3 * DAY - 1)
    await undo(services, back)
    assert await email_of(services, viewer) == EMAIL


async def test_leaving_an_address_and_wanting_it_at_once_leaves_no_gap(
    services: Services, mailbox: Mailbox
) -> None:
    for number in range(5):
        old, new = f"old{number}@northwind.dev", f"new{number}@elsewhere.dev"
        viewer = await somebody(services, old)
        await ask(services, viewer, new)
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
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    await move(services, mailbox, viewer)
    await move(services, mailbox, viewer, EMAIL)

    assert await email_of(services, viewer) == EMAIL
    assert [row.email_key for row in await rows(services, HOLDS)] == [NEW]
    exported = "".join([part async for part in await services.data_export.begin(context(), viewer)])
    assert f'"email_key": "{NEW}"' in exported


async def test_a_thief_who_moves_on_is_undone_by_the_owner_and_cannot_answer(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    mine = await move(services, mailbox, viewer)
    theirs = await move(services, mailbox, viewer, THIRD)
    await undo(services, mine)

    with pytest.raises(LinkReplaced):
        await undo(services, theirs)
    assert await email_of(services, viewer) == EMAIL


async def test_a_thief_who_goes_back_one_step_does_not_take_the_owners_way_back(
    services: Services, clock: FakeClock, mailbox: Mailbox, viewer: Viewer
) -> None:
    mine = await move(services, mailbox, viewer)
    clock.advance(1)
    theirs = await move(services, mailbox, viewer, THIRD)
    await undo(services, theirs)
    assert await email_of(services, viewer) == NEW
    await undo(services, mine)

    assert await email_of(services, viewer) == EMAIL


async def test_of_many_that_take_it_back_one_does(
    services: Services, mailbox: Mailbox, viewer: Viewer
) -> None:
    back = await move(services, mailbox, viewer)
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
        viewer = await viewer_of(services, await open_browser(services, grant))
        new = f"mina{number}@elsewhere.dev"
        await ask(services, viewer, new)
        confirmed, undone = await asyncio.gather(
            confirm(services, confirm_token(mailbox, new)),
            undo(services, undo_token(mailbox)),
            return_exceptions=True,
        )
        assert isinstance(confirmed, Account | LinkRefused), confirmed
        assert isinstance(undone, str), undone
        assert await email_of(services, viewer) == EMAIL
        password = f"fourteen lanterns over calm water {number}"
        await choose(services, undone, password)
        clock.advance(3600)


async def test_a_locked_account_moves_nowhere(services: Services, mailbox: Mailbox, viewer: Viewer) -> None:
    await ask(services, viewer)
    async with services.database.unit() as connection:
        await connection.execute(USERS.update().values(status="locked"))
    with pytest.raises(LinkUnknown):
        await confirm(services, confirm_token(mailbox))
    with pytest.raises(LinkUnknown):
        await undo(services, undo_token(mailbox))


async def test_without_redis_taking_it_back_waits_and_changes_nothing(
    settings: Settings, open_services: OpenServices, own_redis: EmbeddedRedis, mailbox: Mailbox
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    await register(services)
    viewer = await viewer_of(services, await open_cookie(services))
    back = await move(services, mailbox, viewer)
    own_redis.stop()
    with pytest.raises(Unavailable):
        await undo(services, back)

    assert await email_of(services, viewer) == NEW
    assert await services.links.peek(Purpose.EMAIL_CHANGE_UNDO, back)
