"""Changing the password with the current one, on both databases."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from autograph_web.accounts.errors import (
    LinkReplaced,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooWeak,
    SessionEnded,
    WrongPassword,
)
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import USERS
from autograph_web.authn.flow.errors import ChallengeExpired, InvalidCredentials
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.profile.errors import PasswordUnchanged
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.sessions.errors import InvalidToken, ReauthenticationRequired, Unfinished
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from autograph_web.sessions.store import SESSIONS
from autograph_web.settings import Settings
from tests.support.clients.authenticator import PERIOD_S
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import OpenServices
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
from tests.support.services.two_step import (
    Enrolled,
    challenge,
    enrol,
    fresh_viewer,
    open_browser,
    principal_of,
    reauthenticate,
    set_up,
    verify,
)

NEW = "basalt teapot nineteen lanterns"


async def change_password(
    services: Services,
    principal: SessionPrincipal,
    new: str = NEW,
    current: str = PASSWORD,
    *,
    end_others: bool = True,
    device: str | None = None,
) -> AuthenticationGrant:
    data = PasswordChangeInput(
        current_password=SecretStr(current), new_password=SecretStr(new), end_other_sessions=end_others
    )
    return await services.password_change.change(context(), principal, data, device)


@pytest.fixture
async def principal(services: Services) -> SessionPrincipal:
    await register(services)
    return await principal_of(services, await open_cookie(services, remember=True))


async def test_the_new_password_takes_the_place_of_the_old(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    clock.advance(3600)
    await change_password(services, principal)

    assert await prove(services, password=NEW)
    with pytest.raises(InvalidCredentials):
        await prove(services)
    [user] = await rows(services, USERS)
    assert user.password_changed_at - user.created_at == timedelta(hours=1)
    [event] = await audited(services, "password_changed")
    assert (event.user_id, event.session_id) == (principal.user_id, principal.session_id)


async def test_every_other_session_ends_at_once(services: Services, redis_window: RedisWindow) -> None:
    await register(services)
    mine, other, client = await open_cookie(services), await open_cookie(services), await open_pair(services)
    principal = await principal_of(services, mine)
    for credential in (other, client.access_token):
        await principal_of(services, credential)
    grant = await change_password(services, principal)

    for forget in ("nothing", "*"):
        redis_window.forget(forget)
        for credential in (mine, other, client.access_token):
            with pytest.raises((SessionEnded, InvalidToken)):
                await principal_of(services, credential)
    with pytest.raises(SessionEnded):
        await services.tokens.refresh(context(), client.refresh_token)
    renewed = await principal_of(services, await open_browser(services, grant))
    assert (renewed.user_id, renewed.remember) == (principal.user_id, False)
    assert renewed.session_id != principal.session_id
    assert await services.sessions.count_active(principal.user_id) == 1
    [event] = await audited(services, "session_revoked")
    assert event.details == {"revoked": 2}


async def test_nothing_is_said_of_sessions_when_there_was_no_other(
    services: Services, principal: SessionPrincipal
) -> None:
    await open_browser(services, await change_password(services, principal))

    assert await audited(services, "session_revoked") == []


async def test_other_sessions_may_stay_but_mine_is_a_new_one(services: Services) -> None:
    await register(services)
    mine, other = await open_cookie(services), await open_cookie(services)
    principal = await principal_of(services, mine)
    new = await open_browser(services, await change_password(services, principal, end_others=False))

    with pytest.raises(SessionEnded):
        await principal_of(services, mine)
    assert (await principal_of(services, new)).session_id != principal.session_id
    assert await principal_of(services, other)
    assert await audited(services, "session_revoked") == []


async def test_a_client_gets_tokens_in_the_place_of_its_own(services: Services) -> None:
    await register(services)
    old = await open_pair(services)
    principal = await principal_of(services, old.access_token)
    grant = await change_password(services, principal, end_others=False)
    new = await services.tokens.open_for_client(context(), grant)

    with pytest.raises(SessionEnded):
        await principal_of(services, old.access_token)
    with pytest.raises(SessionEnded):
        await services.tokens.refresh(context(), old.refresh_token)
    assert (await principal_of(services, new.access_token)).user_id == principal.user_id
    assert await services.tokens.refresh(context(), new.refresh_token)


async def test_a_sign_in_under_way_with_the_old_password_ends_too(
    services: Services, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    principal = await fresh_viewer(services, clock, mina)
    token = await challenge(services)
    await change_password(services, principal)

    with pytest.raises((SessionEnded, ChallengeExpired)):
        await verify(services, mina.phone.code(clock.seconds()), token)


async def test_a_proof_that_was_not_claimed_yet_opens_nothing(
    services: Services, principal: SessionPrincipal
) -> None:
    theirs = await prove(services)
    await change_password(services, principal)

    with pytest.raises(SessionEnded):
        await open_browser(services, theirs)


async def test_sign_ins_begun_with_the_old_password_end_even_if_sessions_stay(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    stays, ticket = await open_pair(services), await services.login_tickets.issue(await prove(services))
    clock.advance(1)
    await change_password(services, principal, end_others=False)

    assert await principal_of(services, stays.access_token)
    grant = await services.login_tickets.redeem(ticket)
    for opening in (services.sessions.open_for_browser, services.tokens.open_for_client):
        with pytest.raises(SessionEnded):
            await opening(context(), grant)


async def test_a_second_step_after_the_old_password_ends_even_if_sessions_stay(
    services: Services, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    principal = await fresh_viewer(services, clock, mina)
    token = await challenge(services)
    clock.advance(1)
    await change_password(services, principal, end_others=False)

    with pytest.raises(SessionEnded):
        await verify(services, mina.phone.code(clock.seconds()), token)


async def test_a_session_that_never_showed_the_factor_changes_no_password(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    setting_up = await principal_of(services, (await open_pair(services)).access_token)
    phone = await set_up(services, setting_up)
    await services.enrolment.enable(context(), setting_up, phone.code(clock.seconds()), end_others=False)
    clock.advance(PERIOD_S)

    for one in (principal, setting_up):
        with pytest.raises(ReauthenticationRequired):
            await change_password(services, one)
    assert await audited(services, "login_failed") == []
    grant = await reauthenticate(services, replace(principal, mfa_enabled=True), phone.code(clock.seconds()))
    assert await change_password(services, await principal_of(services, await open_browser(services, grant)))


async def test_no_device_stays_trusted(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    await services.trusted_devices.trust(context(), mina.user_id)
    await change_password(services, await fresh_viewer(services, clock, mina), end_others=False)

    assert await how_many(services, DEVICES) == 0


async def test_a_password_makes_no_second_factor_fresh(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    principal = await fresh_viewer(services, clock, mina)
    grant = await change_password(services, principal)

    assert (grant.method, grant.authenticated_at) == (principal.method, principal.signed_in_at)


async def test_without_a_second_factor_the_new_session_is_fresh(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    clock.advance(3600)
    renewed = await principal_of(
        services, await open_browser(services, await change_password(services, principal))
    )

    assert await set_up(services, renewed)


@pytest.mark.parametrize("current", [WRONG, "", PASSWORD.upper(), "x" * 5000, "\ud800", "\0"])
async def test_a_wrong_password_changes_nothing(
    services: Services, principal: SessionPrincipal, current: str
) -> None:
    with pytest.raises(WrongPassword) as refused:
        await change_password(services, principal, current=current)

    assert refused.value.field == "current_password"
    assert await prove(services)
    [event] = await audited(services, "login_failed")
    assert event.details == {"password_change": True}
    assert await services.sessions.count_active(principal.user_id) == 1


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("short", PasswordTooShort),
        ("password1234", PasswordTooCommon),
        ("northwind-mina", PasswordTooCommon),
        ("aaaaaaaaaaaaaaaa", PasswordTooWeak),
        ("x" * 1025, PasswordTooLong),
        (PASSWORD, PasswordUnchanged),
    ],
)
async def test_a_new_password_that_is_no_good_is_refused_with_its_field(
    services: Services, principal: SessionPrincipal, new: str, why: type[PasswordTooShort]
) -> None:
    with pytest.raises(why) as refused:
        await change_password(services, principal, new)

    assert refused.value.field == "new_password"
    assert await prove(services)
    assert await audited(services, "password_changed") == []


async def test_the_same_characters_from_another_keyboard_are_the_same_password(services: Services) -> None:
    await register(services, password="café gravel thirteen violins")
    principal = await principal_of(
        services,
        await open_browser(services, await prove(services, password="café gravel thirteen violins")),
    )
    with pytest.raises(PasswordUnchanged):
        await change_password(
            services, principal, "cafe\u0301 gravel thirteen violins", "café gravel thirteen violins"
        )


async def test_who_does_not_know_the_old_password_learns_nothing_about_a_new_one(
    services: Services, principal: SessionPrincipal
) -> None:
    for new in ("short", WRONG, NEW):
        with pytest.raises(WrongPassword):
            await change_password(services, principal, new, WRONG)


async def test_wrong_passwords_count_with_those_of_the_sign_in(
    services: Services, principal: SessionPrincipal
) -> None:
    for _ in range(2):
        with pytest.raises(InvalidCredentials):
            await prove(services, password=WRONG)
    for _ in range(3):
        with pytest.raises(WrongPassword):
            await change_password(services, principal, current=WRONG)
    with pytest.raises(RateLimited):
        await change_password(services, principal)
    with pytest.raises(RateLimited):
        await prove(services)
    device = services.device_cookies.issue(EMAIL)
    assert await change_password(services, principal, device=device)  # it has its own rate limit


async def test_a_locked_account_changes_nothing(services: Services, principal: SessionPrincipal) -> None:
    await change(services, USERS, status="locked")
    with pytest.raises(SessionEnded):
        await change_password(services, principal)


async def test_of_many_changes_at_once_one_happens(services: Services, principal: SessionPrincipal) -> None:
    outcomes = await asyncio.gather(
        *(change_password(services, principal, f"{NEW} {number}") for number in range(8)),
        return_exceptions=True,
    )

    kinds = Counter(map(type, outcomes))
    assert kinds[AuthenticationGrant] == 1, outcomes
    assert set(kinds) <= {AuthenticationGrant, WrongPassword, SessionEnded, RateLimited}, outcomes
    assert len(await audited(services, "password_changed")) == 1


async def test_a_change_and_a_sign_in_at_once_leave_nobody_in_with_the_old_password(
    services: Services,
) -> None:
    await register(services)
    for number in range(6):
        old, new = (PASSWORD if not number else f"{NEW} {number}"), f"{NEW} {number + 1}"
        cookie = await open_browser(services, await prove(services, password=old))
        principal = await principal_of(services, cookie)

        async def come_in(password: str = old) -> str:
            return await open_browser(services, await prove(services, password=password))

        changed, came_in = await asyncio.gather(
            change_password(services, principal, new, old), come_in(), return_exceptions=True
        )
        assert isinstance(changed, AuthenticationGrant)
        if isinstance(came_in, str):
            with pytest.raises(SessionEnded):
                await principal_of(services, came_in)


async def test_without_redis_it_is_done_and_said_truthfully(
    settings: Settings, open_services: OpenServices, own_redis: EmbeddedRedis
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    await register(services)
    cookie, other = await open_cookie(services), await open_cookie(services)
    principal = await principal_of(services, cookie)
    own_redis.stop()
    with pytest.raises(Unfinished):
        await change_password(services, principal)

    assert await prove(services, password=NEW, ip="192.0.2.7")
    for one in (cookie, other):
        with pytest.raises(SessionEnded):
            await principal_of(services, one)
    assert {row.revoked_reason for row in await rows(services, SESSIONS)} == {"password_changed"}


async def test_with_two_step_verification_the_account_still_asks_for_a_code(
    services: Services, clock: FakeClock
) -> None:
    mina: Enrolled = await enrol(services, clock)
    await open_browser(services, await change_password(services, await fresh_viewer(services, clock, mina)))

    assert (await services.second_factors.status(mina.user_id)).enabled


async def test_the_owner_is_told(services: Services, principal: SessionPrincipal, mailbox: Mailbox) -> None:
    mailbox.empty()
    grant = await change_password(services, principal)
    await change_password(
        services,
        await principal_of(services, await open_browser(services, grant)),
        PASSWORD,
        NEW,
        end_others=False,
    )

    assert [(letter.to, letter.subject) for letter in mailbox.letters] == [
        (EMAIL, "Your password was changed")
    ] * 2
    first, second = (letter.paragraphs[0] for letter in mailbox.letters)
    assert "All other devices were signed out." in first
    assert "Other devices stay signed in." in second
    assert ("IP address", "203.0.113.7") in mailbox.letters[0].facts


async def test_a_reset_that_was_asked_for_before_is_void(
    services: Services, principal: SessionPrincipal
) -> None:
    async with services.database.unit() as connection:
        token = await services.links.issue(connection, Purpose.PASSWORD_RESET, principal.user_id, 3600)
    await change_password(services, principal)

    with pytest.raises(LinkReplaced):
        await services.links.peek(Purpose.PASSWORD_RESET, token)
