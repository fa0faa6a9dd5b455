"""What an attacker set up is revoked once the owner proves the mailbox: in every way, on both databases."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from autograph_web.accounts.errors import LinkRefused, LinkUsed, SessionEnded, WrongPassword
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import USERS
from autograph_web.api_keys.errors import ApiKeyRevoked
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.recovery.first_verification import NOTHING, Evidence, Verified
from autograph_web.recovery.reclaiming import PasswordLink
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from autograph_web.sessions.store import SESSIONS
from tests.support.clients.authenticator import Authenticator
from tests.support.mail.links import token_to
from tests.support.mail.mailbox import Mailbox
from tests.support.services.api_keys import issue, use
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    WRONG,
    audited,
    change,
    context,
    how_many,
    open_cookie,
    open_pair,
    prove,
    register,
    rows,
)
from tests.support.services.password_reset import NEW_PASSWORD, ask_and_open, choose
from tests.support.services.two_step import (
    enrol,
    fresh_viewer,
    open_browser,
    principal_of,
    reauthenticate,
    set_up,
    sign_in,
)

VERIFY, UNDO, NOT_ME = "/verify-email", "/undo-email-change", "/not-me"
ELSEWHERE, STRANGER = "mina@elsewhere.dev", "stranger@elsewhere.dev"
HOUR = 3600


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """The default settings of an operator."""
    return {"email_verification": "banner"}


@dataclass
class Foothold:
    """Everything an attacker can set up in an account whose password they know."""

    principal: SessionPrincipal
    cookie: str
    key: str
    under_way: AuthenticationGrant
    reset: str
    token: str


async def take_hold(services: Services, mailbox: Mailbox, clock: FakeClock) -> Foothold:
    """Register another person's address and set up everything possible."""
    enrolled = await enrol(services, clock)
    principal = await fresh_viewer(services, clock, enrolled)
    key = (await issue(services, principal)).text
    await services.email_change.request(context(), principal, STRANGER)
    await services.trusted_devices.trust(context(), principal.user_id)
    reset = await ask_and_open(services, mailbox)
    clock.advance(60)
    await services.verification.request(context("192.0.2.1"), EMAIL)
    token = token_to(mailbox, EMAIL, VERIFY)
    cookie = await open_browser(services, await sign_in(services, enrolled.paper[0]))
    under_way = await sign_in(services, enrolled.paper[1])
    return Foothold(principal, cookie, key, under_way, reset, token)


async def confirm(services: Services, token: str, evidence: Evidence = NOTHING) -> Verified:
    return await services.first_proof.confirm(context("198.51.100.7"), token, evidence)


async def test_a_first_proof_by_somebody_unknown_ends_all_that_was_there(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    stranger = await take_hold(services, mailbox, clock)
    change_link = token_to(mailbox, STRANGER, "/change-email")
    [factor] = await rows(services, FACTORS)
    verified = await confirm(services, stranger.token)

    assert verified.account.email_verified
    assert not verified.account.mfa_enabled
    removed = verified.removed
    assert removed is not None
    assert (removed.trusted_devices, removed.api_keys, removed.recovery_codes) == (1, 1, 8)
    assert removed.authenticator_set_up_at == factor.activated_at
    assert removed.password
    assert await how_many(services, FACTORS) == 0
    assert await how_many(services, CODES) == 0
    assert await how_many(services, DEVICES) == 0
    with pytest.raises(SessionEnded):
        await principal_of(services, stranger.cookie)
    with pytest.raises(SessionEnded):
        await services.sessions.open_for_browser(context(), stranger.under_way)
    with pytest.raises(ApiKeyRevoked):
        await use(services, stranger.key)
    with pytest.raises(LinkRefused):
        await services.email_change.confirm(context(), change_link)
    with pytest.raises(LinkRefused):
        await choose(services, stranger.reset)
    with pytest.raises(InvalidCredentials):
        await prove(services)
    assert verified.token is not None
    await choose(services, verified.token)
    assert await prove(services, password=NEW_PASSWORD), "and no code is asked for"


async def test_what_ended_is_mailed_and_written_down(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    stranger = await take_hold(services, mailbox, clock)
    verified = await confirm(services, stranger.token)

    letter = mailbox.letters[-1]
    assert (letter.to, letter.subject) == (EMAIL, "Your email is verified: choose a password")
    assert verified.removed is not None
    [listed] = [one for one in letter.paragraphs if one.startswith("We also removed: ")]
    assert verified.removed.in_words() in listed
    assert "with 8 recovery codes, 1 API key, 1 trusted browser, the password" in listed
    [event] = await audited(services, "email_verified")
    assert event.details == verified.removed.as_details()
    assert (event.details["authenticators"], event.details["passwords"]) == (1, 1)
    assert [one.details for one in await audited(services, "mfa_disabled")] == [{"reason": "unproven"}]


@pytest.mark.parametrize("shown", ["session", "password"])
async def test_who_shows_that_they_registered_loses_nothing(
    services: Services, mailbox: Mailbox, clock: FakeClock, shown: str
) -> None:
    mina = await take_hold(services, mailbox, clock)
    evidence = Evidence(mina.principal.user_id) if shown == "session" else Evidence(password=PASSWORD)
    verified = await confirm(services, mina.token, evidence)

    assert (verified.account.email_verified, verified.removed, verified.token) == (True, None, None)
    assert (await services.second_factors.status(mina.principal.user_id)).enabled
    assert await principal_of(services, mina.cookie)
    assert await use(services, mina.key)
    assert await how_many(services, DEVICES) == 1
    [event] = await audited(services, "email_verified")
    assert event.details == {}


async def test_a_wrong_password_is_no_evidence_and_counts_as_a_try(
    services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    token = token_to(mailbox, EMAIL, VERIFY)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await confirm(services, token, Evidence(password=WRONG))
    with pytest.raises(RateLimited):
        await confirm(services, token, Evidence(password=PASSWORD))
    assert (await services.verification.look(token)).email_verified is False
    assert await prove(services, device=services.device_cookies.issue(EMAIL))
    assert (await confirm(services, token)).removed is not None


async def test_the_session_of_another_account_is_no_evidence(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    theo = await register(services, "theo@northwind.dev")
    pair = await open_pair(services, "theo@northwind.dev")
    verified = await confirm(services, token_to(mailbox, EMAIL, VERIFY), Evidence(theo.id))

    assert verified.removed is not None
    assert await principal_of(services, pair.access_token), "and is left alone"


async def test_of_racers_with_and_without_evidence_one_confirms(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    mina = await take_hold(services, mailbox, clock)
    evidence = [NOTHING, Evidence(mina.principal.user_id), Evidence(password=PASSWORD)] * 4
    outcomes = await asyncio.gather(
        *(confirm(services, mina.token, one) for one in evidence), return_exceptions=True
    )

    [verified] = [one for one in outcomes if isinstance(one, Verified)]
    assert {type(one) for one in outcomes} - {Verified} <= {LinkUsed, WrongPassword}
    enabled = (await services.second_factors.status(mina.principal.user_id)).enabled
    assert enabled is (verified.removed is None)
    assert len(await audited(services, "email_verified")) == 1


async def test_nothing_a_stranger_begins_at_that_moment_outlives_it(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await register(services)
    principal = await principal_of(services, await open_cookie(services))
    phone = await set_up(services, principal)
    token = token_to(mailbox, EMAIL, VERIFY)
    outcomes = await asyncio.gather(
        confirm(services, token),
        *(open_pair(services, ip=f"192.0.2.{number}") for number in range(4)),
        services.enrolment.enable(context(), principal, phone.code(clock.seconds())),
        return_exceptions=True,
    )

    assert isinstance(outcomes[0], Verified), outcomes
    assert await how_many(services, FACTORS) == await how_many(services, CODES) == 0
    [mina] = await rows(services, USERS)
    assert not mina.mfa_enabled
    # A session opened at that very moment belongs to an epoch that has ended.
    alive = [row for row in await rows(services, SESSIONS) if row.epoch == mina.session_epoch]
    assert [row for row in alive if row.revoked_at is None] == []


async def test_a_password_chosen_by_a_link_meanwhile_stays(services: Services, mailbox: Mailbox) -> None:
    await register(services)
    token = token_to(mailbox, EMAIL, VERIFY)
    await choose(services, await ask_and_open(services, mailbox))
    cookie = await open_browser(services, await prove(services, password=NEW_PASSWORD))
    verified = await confirm(services, token)

    assert verified.removed is None, "the mailbox had been shown already"
    assert await principal_of(services, cookie)


# --- "This wasn't me" and undoing a change of address: one rule for what is revoked. -------------------


async def settled(services: Services, clock: FakeClock) -> None:
    """Create an account that has existed for a while and is verified."""
    await register(services)
    await change(services, USERS, email_verified_at=clock.now())
    clock.advance(HOUR)


async def intrude(services: Services, clock: FakeClock) -> tuple[SessionPrincipal, Authenticator]:
    """Sign in from an unknown browser, which the owner is notified of, and add a factor a little later."""
    token = (await open_pair(services, ip="192.0.2.66")).access_token
    principal = await principal_of(services, token)
    clock.advance(60)
    phone = await set_up(services, principal)
    await services.enrolment.enable(context("192.0.2.66"), principal, phone.code(clock.seconds()))
    clock.advance(60)
    principal = await principal_of(services, token)
    grant = await reauthenticate(services, principal, phone.code(clock.seconds()))
    return await principal_of(services, await open_browser(services, grant)), phone


@pytest.mark.parametrize("confirmed", [True, False])
async def test_taking_a_change_back_removes_what_was_set_up_since_a_sign_in_that_was_told(
    services: Services, mailbox: Mailbox, clock: FakeClock, confirmed: bool
) -> None:
    await settled(services, clock)
    stranger, _phone = await intrude(services, clock)
    await issue(services, stranger)
    await services.email_change.request(context("192.0.2.66"), stranger, ELSEWHERE)
    if confirmed:
        await services.email_change.confirm(context(), token_to(mailbox, ELSEWHERE, "/change-email"))
    back = await services.email_undo.undo(context(), token_to(mailbox, EMAIL, UNDO))

    assert back.removed.authenticator_set_up_at is not None
    assert (back.removed.api_keys, back.removed.recovery_codes) == (1, 10)
    assert not (await services.second_factors.status(stranger.user_id)).enabled
    letter = next(one for one in mailbox.letters if one.subject.endswith("was undone"))
    assert back.removed.in_words() in " ".join(letter.paragraphs)
    [event] = await audited(services, "email_change_undone")
    assert event.details == back.removed.as_details()
    await choose(services, back.token)
    assert await prove(services, password=NEW_PASSWORD), "and no code is asked for"


async def test_a_factor_from_before_survives_taking_a_change_back(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    await change(services, USERS, email_verified_at=clock.now())
    clock.advance(4 * 24 * HOUR)
    principal = await fresh_viewer(services, clock, mina)
    clock.advance(60)
    await services.enrolment.regenerate_codes(context(), principal)
    await services.email_change.request(context(), principal, ELSEWHERE)
    back = await services.email_undo.undo(context(), token_to(mailbox, EMAIL, UNDO))

    assert back.removed.authenticator_set_up_at is None
    assert back.removed.recovery_codes == 10, "made after a sign-in that was told of"
    assert (await services.second_factors.status(principal.user_id)).enabled


async def test_the_earlier_of_two_sign_ins_counts_even_if_the_later_is_taken_back(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await settled(services, clock)
    stranger, phone = await intrude(services, clock)
    clock.advance(60)
    await sign_in(services, phone.code(clock.seconds()), context("192.0.2.67"))
    back = await services.sign_in_disavowal.refuse(context(), token_to(mailbox, EMAIL, NOT_ME))

    assert back.removed.authenticator_set_up_at is not None
    assert not (await services.second_factors.status(stranger.user_id)).enabled
    letter = mailbox.letters[-1]
    assert letter.subject == "All devices were signed out of your account"
    assert back.removed.in_words() in " ".join(letter.paragraphs)
    [event] = await audited(services, "sign_in_refused")
    assert event.details == back.removed.as_details()


async def test_a_sign_in_that_was_taken_back_before_counts_no_more(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await settled(services, clock)
    await open_pair(services, ip="192.0.2.66")
    first = await services.sign_in_disavowal.refuse(context(), token_to(mailbox, EMAIL, NOT_ME))
    await choose(services, first.token)
    clock.advance(60)
    device = services.device_cookies.issue(EMAIL)
    grant = await prove(services, password=NEW_PASSWORD, device=device)
    principal = await principal_of(services, await open_browser(services, grant))
    phone = await set_up(services, principal)
    await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))
    clock.advance(60)
    later = await change_back(services, principal, clock)

    assert later.removed.authenticator_set_up_at is None
    assert (await services.second_factors.status(principal.user_id)).enabled


async def change_back(services: Services, principal: SessionPrincipal, clock: FakeClock) -> PasswordLink:
    """Undo a change of address that was requested just now."""
    async with services.database.unit() as connection:
        token = await services.links.issue(
            connection, Purpose.EMAIL_CHANGE_UNDO, principal.user_id, HOUR, EMAIL
        )
    clock.advance(1)
    return await services.email_undo.undo(context(), token)


async def test_of_ten_that_take_a_change_back_one_does(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await settled(services, clock)
    stranger, _phone = await intrude(services, clock)
    await services.email_change.request(context("192.0.2.66"), stranger, ELSEWHERE)
    token = token_to(mailbox, EMAIL, UNDO)
    outcomes = await asyncio.gather(
        *(services.email_undo.undo(context(), token) for _ in range(10)), return_exceptions=True
    )

    assert Counter(map(type, outcomes)) == {PasswordLink: 1, LinkUsed: 9}
    assert len(await audited(services, "mfa_disabled")) == 1
