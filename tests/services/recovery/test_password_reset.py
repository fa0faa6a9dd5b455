"""A new password by a link: which links work, what a reset revokes, and what it leaves unchanged."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import (
    LinkExpired,
    LinkReplaced,
    LinkUnknown,
    LinkUsed,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    SessionEnded,
)
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import USERS
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.sessions.principal import AuthenticationGrant
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    WRONG,
    audited,
    change,
    context,
    device_cookie,
    how_many,
    open_cookie,
    open_pair,
    prove,
    register,
    rows,
)
from tests.support.services.password_reset import NEW_PASSWORD, ask, ask_and_open, choose, token_in
from tests.support.services.two_step import challenge, enrol, open_browser, start, verify

HOUR = 3600
RACERS = 20


# --- The link. -----------------------------------------------------------------------------------------


async def test_a_link_is_good_for_an_hour(services: Services, mailbox: Mailbox, clock: FakeClock) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    clock.advance(HOUR)

    with pytest.raises(LinkExpired):
        await choose(services, token)
    assert await prove(services)


@pytest.mark.parametrize("settings_changes", [{"password_reset_ttl": 600}])
async def test_an_operator_may_choose_another_life(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    assert "10 minutes" in mailbox.letters[0].paragraphs[1]
    clock.advance(600)

    with pytest.raises(LinkExpired):
        await choose(services, token)


async def test_a_link_works_once(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    await choose(services, token)

    with pytest.raises(LinkUsed):
        await choose(services, token, "another seven wooden boats")
    assert await prove(services, password=NEW_PASSWORD)


async def test_of_twenty_that_use_a_link_one_does(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    passwords = [f"{number} lanterns over calm water" for number in range(RACERS)]
    outcomes = await asyncio.gather(
        *(
            choose(services, token, password, context(f"192.0.2.{number}"))
            for number, password in enumerate(passwords)
        ),
        return_exceptions=True,
    )

    assert Counter(map(type, outcomes)) == {Account: 1, LinkUsed: RACERS - 1}
    [winner] = [
        password for password, one in zip(passwords, outcomes, strict=True) if isinstance(one, Account)
    ]
    assert await prove(services, password=winner)
    assert len(await audited(services, "password_reset_completed")) == 1
    assert [letter.subject for letter in mailbox.letters].count("Your password was changed") == 1


async def test_the_newest_link_alone_is_good(services: Services, mailbox: Mailbox, clock: FakeClock) -> None:
    await register(services)
    await register(services, "theo@northwind.dev")
    theirs = await ask_and_open(services, mailbox, "theo@northwind.dev")
    first, second = [await ask_and_open(services, mailbox) for _ in range(2)]
    await ask(services, "nobody@northwind.dev")  # a decoy revokes nothing

    with pytest.raises(LinkReplaced):
        await choose(services, first)
    assert await choose(services, second)
    assert await choose(services, theirs)


async def test_two_links_at_once_set_one_password(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    tokens = [await ask_and_open(services, mailbox) for _ in range(2)]
    outcomes = await asyncio.gather(*(choose(services, token) for token in tokens), return_exceptions=True)

    assert Counter(map(type, outcomes)) == {Account: 1, LinkReplaced: 1}


async def test_a_link_of_another_purpose_sets_no_password(services: Services) -> None:
    account = await register(services)
    for purpose in set(Purpose) - {Purpose.PASSWORD_RESET}:
        async with services.database.unit() as connection:
            token = await services.links.issue(connection, purpose, account.id, HOUR, EMAIL)
        with pytest.raises(LinkUnknown):
            await choose(services, token)


async def test_a_link_sets_the_password_of_its_own_account(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    await register(services, "noor@northwind.dev")
    token = await ask_and_open(services, mailbox)
    await ask(services, "noor@northwind.dev")
    account = await choose(services, token)

    assert account.email == EMAIL
    assert await prove(services, "noor@northwind.dev")
    assert await choose(services, token_in(mailbox, "noor@northwind.dev"))


async def test_a_letter_in_an_old_mailbox_opens_nothing(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    await change(services, USERS, email="mina@elsewhere.dev", email_key="mina@elsewhere.dev")

    with pytest.raises(LinkUnknown):
        await choose(services, token)


async def test_a_change_of_address_under_way_is_over(services: Services, mailbox: Mailbox) -> None:
    account = await register(services)
    async with services.database.unit() as connection:
        change_token = await services.links.issue(
            connection, Purpose.EMAIL_CHANGE, account.id, HOUR, "thief@evil.dev"
        )
    await choose(services, await ask_and_open(services, mailbox))

    with pytest.raises(LinkReplaced):
        await services.links.peek(Purpose.EMAIL_CHANGE, change_token)


async def test_guessing_tokens_is_slowed_down(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    for _ in range(20):
        with pytest.raises(LinkUnknown):
            await choose(services, "x" * 43)
    with pytest.raises(RateLimited):
        await choose(services, token)

    assert await choose(services, token, asking=context("192.0.2.1"))
    assert len(await audited(services, "password_reset_failed")) == 21


# --- The password. -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("short", PasswordTooShort),
        ("password123", PasswordTooCommon),
        ("mina@northwind.dev", PasswordTooCommon),
        ("x" * 1025, PasswordTooLong),
        ("", PasswordTooShort),
    ],
)
async def test_a_refused_password_uses_nothing_up(
    services: Services, mailbox: Mailbox, password: str, refusal: type[Exception]
) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    for _ in range(25):
        with pytest.raises(refusal):
            await choose(services, token, password)

    assert await prove(services)
    assert await choose(services, token)


@pytest.mark.parametrize(
    "password",
    ["nineteen\0 quiet harbours", "🎻 violins over 🌊 gravel", "cafés étonnés près du vieux phare"],
)
async def test_any_characters_will_do(services: Services, mailbox: Mailbox, password: str) -> None:
    await register(services)
    await choose(services, await ask_and_open(services, mailbox), password)

    assert await prove(services, password=password)


# --- What it revokes, and what it leaves unchanged. ----------------------------------------------------


async def test_every_sign_in_is_over(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    pair, cookie, grant = await open_pair(services), await open_cookie(services), await prove(services)
    ticket = await services.login_tickets.issue(await prove(services))
    await choose(services, await ask_and_open(services, mailbox))

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(pair.access_token)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)
    with pytest.raises(SessionEnded):
        await services.tokens.refresh(context(), pair.refresh_token)
    for late in (grant, await services.login_tickets.redeem(ticket)):
        with pytest.raises(SessionEnded):
            await services.sessions.open_for_browser(context(), late)


async def test_sessions_of_other_accounts_stay(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    await register(services, "noor@northwind.dev")
    pair = await open_pair(services, "noor@northwind.dev")
    await choose(services, await ask_and_open(services, mailbox))

    assert await services.sessions.authenticate_token(pair.access_token)


async def test_the_second_factor_stays_and_trust_ends(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    grant = await verify(services, mina.phone.code(clock.seconds()), await challenge(services), trust=True)
    await open_browser(services, grant)
    trusted = await services.trusted_devices.trust(context(), mina.user_id)
    assert isinstance(await start(services, trusted=trusted), AuthenticationGrant)
    waiting = await challenge(services)
    await choose(services, await ask_and_open(services, mailbox), PASSWORD + " again")

    assert await how_many(services, DEVICES) == 0
    with pytest.raises(SessionEnded):
        await verify(services, mina.paper[0], waiting)
    await change_back(services, mailbox)
    assert isinstance(await start(services, trusted=trusted), ChallengeRequired)
    assert (await services.second_factors.status(mina.user_id)).enabled


async def change_back(services: Services, mailbox: Mailbox) -> None:
    """Restore the password that the helpers sign in with."""
    await choose(services, await ask_and_open(services, mailbox), PASSWORD)


async def test_a_sign_in_under_way_with_the_old_password_does_not_come_through(
    services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    for _ in range(3):
        token = await ask_and_open(services, mailbox)
        outcomes = await asyncio.gather(
            choose(services, token, NEW_PASSWORD),
            *(open_late(services, number) for number in range(5)),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], Account), outcomes
        for cookie in outcomes[1:]:
            # A sign-in that was faster than the reset got a session, which has been revoked by now.
            assert isinstance(cookie, str | InvalidCredentials | SessionEnded), outcomes
            if isinstance(cookie, str):
                with pytest.raises(SessionEnded):
                    await services.sessions.authenticate_cookie(cookie)
        await choose(services, await another_token(services), PASSWORD)


async def open_late(services: Services, number: int) -> str:
    grant = await prove(services, ip=f"192.0.2.{number}")
    return (await services.sessions.open_for_browser(context(), grant)).cookie


async def another_token(services: Services) -> str:
    """Return a token without an email: three per hour are not enough for this test."""
    account = (await rows(services, USERS))[0]
    async with services.database.unit() as connection:
        return await services.links.issue(connection, Purpose.PASSWORD_RESET, account.id, HOUR, EMAIL)


async def test_the_owner_is_told(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    await choose(services, await ask_and_open(services, mailbox))
    letter = mailbox.letters[-1]

    assert (letter.to, letter.subject) == (EMAIL, "Your password was changed")
    assert dict(letter.facts)["IP address"] == "203.0.113.7"


async def test_the_letter_proves_the_address(services: Services, mailbox: Mailbox, clock: FakeClock) -> None:
    await register(services)
    token = await ask_and_open(services, mailbox)
    clock.advance(60)
    await choose(services, token)
    first = (await rows(services, USERS))[0].email_verified_at
    assert first == clock.now()

    clock.advance(60)
    await choose(services, await ask_and_open(services, mailbox), "another seven wooden boats")
    [user] = await rows(services, USERS)
    assert user.email_verified_at == first
    assert user.password_changed_at == first + timedelta(seconds=60)


async def test_a_paused_sign_in_goes_on(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    device = device_cookie(services, await prove(services))
    for browser, ip in ((device, "192.0.2.8"), (None, "192.0.2.9")):
        for _ in range(5):
            with pytest.raises(InvalidCredentials):
                await prove(services, password=WRONG, device=browser, ip=ip)
    token = await ask_and_open(services, mailbox)
    await services.password_reset.confirm(context("192.0.2.8"), token, NEW_PASSWORD, device)

    assert await prove(services, password=NEW_PASSWORD, device=device, ip="192.0.2.8")
    assert await prove(services, password=NEW_PASSWORD, ip="192.0.2.10")


async def test_failures_of_others_behind_the_address_stay(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    for number in range(5):
        with pytest.raises(InvalidCredentials):
            await prove(services, f"nobody{number}@northwind.dev", WRONG)
    await choose(services, await ask_and_open(services, mailbox))

    with pytest.raises(RateLimited):
        await prove(services, password=NEW_PASSWORD)


async def test_it_is_written_down(services: Services, mailbox: Mailbox) -> None:
    account = await register(services)
    await open_cookie(services)
    token = await ask_and_open(services, mailbox)
    await choose(services, token)
    with pytest.raises(LinkUsed):
        await choose(services, token)

    [requested] = await audited(services, "password_reset_requested")
    [completed] = await audited(services, "password_reset_completed")
    [failed] = await audited(services, "password_reset_failed")
    assert requested.user_id == completed.user_id == account.id
    assert (completed.details["revoked"], completed.details["api_keys"]) == (1, 0)
    assert failed.details == {"reason": "link_used"}
    assert token not in str([requested, completed, failed])


@pytest.mark.parametrize("settings_changes", [{"email_verification": "banner"}])
async def test_the_first_proof_of_an_address_voids_the_factor_of_whoever_registered_it(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    stranger = await enrol(services, clock)
    await choose(services, await ask_and_open(services, mailbox))

    assert not (await services.second_factors.status(stranger.user_id)).enabled
    assert await how_many(services, FACTORS) == await how_many(services, CODES) == 0
    assert await prove(services, password=NEW_PASSWORD)  # without a second step
    [event] = await audited(services, "mfa_disabled")
    assert event.details == {"reason": "unproven"}
    changed = mailbox.letters[-1]
    assert changed.subject == "Your password was changed"
    assert "an authenticator app set up on" in " ".join(changed.paragraphs)
    assert "with 10 recovery codes" in " ".join(changed.paragraphs)


@pytest.mark.parametrize("settings_changes", [{"email_verification": "banner"}])
async def test_a_later_proof_leaves_the_factor(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    await change(services, USERS, email_verified_at=clock.now())
    await choose(services, await ask_and_open(services, mailbox))

    assert (await services.second_factors.status(mina.user_id)).enabled
    assert await audited(services, "mfa_disabled") == []
