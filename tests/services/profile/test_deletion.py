"""The deletion of an account, on both databases."""

import asyncio

import pytest

from autograph_web.accounts.errors import LastAdmin, LinkUnknown, SessionEnded
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import HOLDS, LINKS, USERS
from autograph_web.audit.store import AUDIT
from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.flow.errors import ChallengeExpired, InvalidCredentials
from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.profile.errors import EmailMismatch
from autograph_web.sessions.errors import InvalidToken, NotAuthenticated, ReauthenticationRequired, Unfinished
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.store import REFRESH_TOKENS, SESSIONS
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
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
from tests.support.services.operators import OPERATOR, make_admin
from tests.support.services.two_step import (
    challenge,
    enrol,
    fresh_viewer,
    open_browser,
    principal_of,
    set_up,
    sign_in,
    verify,
)

OWN_TABLES = (USERS, SESSIONS, REFRESH_TOKENS, FACTORS, CODES, DEVICES, LINKS, HOLDS)


async def delete(services: Services, principal: SessionPrincipal, email: str = EMAIL) -> None:
    await services.deletion.delete(context(), principal, email)


@pytest.fixture
async def principal(services: Services) -> SessionPrincipal:
    await register(services)
    return await principal_of(services, await open_cookie(services))


async def test_nothing_of_the_account_is_left(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    principal = await fresh_viewer(services, clock, mina)
    await services.trusted_devices.trust(context(), mina.user_id)
    async with services.database.unit() as connection:
        await services.links.issue(connection, Purpose.PASSWORD_RESET, mina.user_id, 3600)
    await delete(services, principal)

    assert [await how_many(services, table) for table in OWN_TABLES] == [0] * len(OWN_TABLES)


async def test_somebody_elses_account_stays_as_it_is(services: Services, principal: SessionPrincipal) -> None:
    theo = await register(services, "theo@northwind.dev")
    theirs = await open_pair(services, theo.email)
    before = [row for row in await rows(services, AUDIT) if row.user_id == theo.id]
    await delete(services, principal)

    assert (await principal_of(services, theirs.access_token)).user_id == theo.id
    assert [row.email for row in await rows(services, USERS)] == [theo.email]
    assert [row for row in await rows(services, AUDIT) if row.user_id == theo.id] == before


async def test_every_session_and_token_is_dead_at_once(
    services: Services, redis_window: RedisWindow, principal: SessionPrincipal
) -> None:
    cookie, pair = await open_cookie(services), await open_pair(services)
    for credential in (cookie, pair.access_token):
        await principal_of(services, credential)
    await delete(services, principal)

    for forget in ("nothing", "*"):
        redis_window.forget(forget)
        for credential in (cookie, pair.access_token):
            with pytest.raises((SessionEnded, InvalidToken, NotAuthenticated)):
                await principal_of(services, credential)
    with pytest.raises((InvalidToken, SessionEnded)):
        await services.tokens.refresh(context(), pair.refresh_token)
    with pytest.raises(InvalidCredentials):
        await prove(services)


async def test_what_was_under_way_comes_to_nothing(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    principal = await fresh_viewer(services, clock, mina)
    token, grant = await challenge(services), await sign_in(services, mina.paper[0])
    async with services.database.unit() as connection:
        link = await services.links.issue(connection, Purpose.PASSWORD_RESET, mina.user_id, 3600)
    await delete(services, principal)

    with pytest.raises((InvalidCode, ChallengeExpired, SessionEnded)):
        await verify(services, mina.phone.code(clock.seconds()), token)
    with pytest.raises(SessionEnded):
        await open_browser(services, grant)
    with pytest.raises(LinkUnknown):
        await services.links.peek(Purpose.PASSWORD_RESET, link)
    with pytest.raises(SessionEnded):
        await set_up(services, principal)
    with pytest.raises(SessionEnded):
        await services.trusted_devices.trust(context(), mina.user_id)


async def test_the_audit_log_keeps_what_happened_but_not_to_whom(
    services: Services, principal: SessionPrincipal
) -> None:
    await delete(services, principal)
    found = sorted(await rows(services, AUDIT), key=lambda row: row.id)
    mine = [row for row in found if row.user_id == principal.user_id]

    assert [row.kind for row in mine] == ["registration_success", "login_success", "account_deleted"]
    assert {(row.ip, row.user_agent) for row in mine} == {("", "")}
    assert EMAIL not in str(mine)
    assert "northwind" not in str(mine)


async def test_the_owner_gets_a_last_letter(
    services: Services, principal: SessionPrincipal, mailbox: Mailbox
) -> None:
    mailbox.empty()
    await delete(services, principal)

    [letter] = mailbox.letters
    assert (letter.to, letter.subject) == (EMAIL, "Your account was deleted")


async def test_the_address_can_have_an_account_again(services: Services, principal: SessionPrincipal) -> None:
    await delete(services, principal)
    again = await register(services)

    assert again.id != principal.user_id
    assert (await principal_of(services, await open_cookie(services))).user_id == again.id
    assert [event.kind.value for event in await services.audit_log.recent(again.id, 10)] == [
        "login_success",
        "registration_success",
    ]


@pytest.mark.parametrize("typed", ["MINA@NORTHWIND.DEV", "  mina@northwind.dev "])
async def test_how_the_address_is_spelled_does_not_matter(
    services: Services, principal: SessionPrincipal, typed: str
) -> None:
    await delete(services, principal, typed)

    assert await how_many(services, USERS) == 0


@pytest.mark.parametrize("typed", ["", "mina", "theo@northwind.dev", "mina@northwind.dev\0", "x" * 100_000])
async def test_another_address_deletes_nothing(
    services: Services, principal: SessionPrincipal, typed: str
) -> None:
    with pytest.raises(EmailMismatch):
        await delete(services, principal, typed)

    assert await how_many(services, USERS) == 1
    assert await audited(services, "account_deleted") == []


async def test_it_needs_a_fresh_sign_in(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    clock.advance(601)
    with pytest.raises(ReauthenticationRequired):
        await delete(services, principal)
    assert await how_many(services, USERS) == 1


async def test_with_two_step_verification_it_needs_the_factor(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    with pytest.raises(ReauthenticationRequired):
        await delete(services, await principal_of(services, mina.access_token))
    await delete(services, await fresh_viewer(services, clock, mina))


async def test_of_many_at_once_one_deletes_and_one_letter_is_sent(
    services: Services, principal: SessionPrincipal, mailbox: Mailbox
) -> None:
    mailbox.empty()
    outcomes = await asyncio.gather(*(delete(services, principal) for _ in range(8)), return_exceptions=True)

    assert outcomes.count(None) == 1, outcomes
    assert {type(outcome) for outcome in outcomes if outcome} == {SessionEnded}
    assert len(mailbox.letters) == 1
    assert len(await audited(services, "account_deleted")) == 1


async def test_the_only_administrator_is_told_to_make_another_first(
    services: Services, principal: SessionPrincipal
) -> None:
    await change(services, USERS, role="admin")
    with pytest.raises(LastAdmin) as refused:
        await delete(services, principal)
    assert "Make someone else an administrator first" in refused.value.detail
    assert [row.email for row in await rows(services, USERS)] == [EMAIL]
    assert await audited(services, "account_deleted") == []

    await make_admin(services, "theo@northwind.dev")
    await delete(services, principal)
    assert [row.email for row in await rows(services, USERS)] == ["theo@northwind.dev"]


async def test_a_locked_administrator_is_nobody_who_is_left(
    services: Services, principal: SessionPrincipal
) -> None:
    theo = await make_admin(services, "theo@northwind.dev")
    async with services.database.unit() as connection:
        await connection.execute(USERS.update().values(role="admin"))
    await services.user_actions.lock(OPERATOR, theo.id)
    with pytest.raises(LastAdmin):
        await delete(services, principal)


async def test_of_the_last_administrators_who_leave_at_once_one_is_refused(services: Services) -> None:
    emails = [f"admin{number}@northwind.dev" for number in range(3)]
    for email in emails:
        await register(services, email)
    await change(services, USERS, role="admin")
    admins = [
        await principal_of(services, (await open_pair(services, email)).access_token) for email in emails
    ]
    outcomes = await asyncio.gather(
        *(delete(services, admin, admin.email) for admin in admins), return_exceptions=True
    )
    assert outcomes.count(None) == 2, outcomes
    assert sum(isinstance(outcome, LastAdmin) for outcome in outcomes) == 1, outcomes
    assert await how_many(services, USERS) == 1


async def test_against_everything_else_at_once_nothing_is_left(services: Services, clock: FakeClock) -> None:
    for _ in range(4):
        mina = await enrol(services, clock)
        principal = await fresh_viewer(services, clock, mina)
        outcomes = await asyncio.gather(
            delete(services, principal),
            open_pair_with(services, mina.paper[0]),
            services.enrolment.regenerate_codes(context(), principal),
            services.trusted_devices.trust(context(), mina.user_id),
            set_up(services, principal),
            return_exceptions=True,
        )
        assert outcomes[0] is None, outcomes
        assert [await how_many(services, table) for table in OWN_TABLES] == [0] * len(OWN_TABLES)
        clock.advance(3600)


async def open_pair_with(services: Services, code: str) -> None:
    await services.tokens.open_for_client(context(), await sign_in(services, code))


async def test_without_redis_it_is_done_and_said_truthfully(
    settings: Settings, open_services: OpenServices, own_redis: EmbeddedRedis
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    await register(services)
    cookie = await open_cookie(services)
    principal = await principal_of(services, cookie)
    own_redis.stop()
    with pytest.raises(Unfinished):
        await delete(services, principal)

    assert await how_many(services, USERS) == 0
    with pytest.raises(SessionEnded):
        await principal_of(services, cookie)
