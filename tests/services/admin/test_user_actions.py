"""Operators' actions on accounts, on both databases: effective at once, audited, the owner notified."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from autograph_web.accounts.errors import LastAdmin, LinkReplaced, LinkUnknown, SessionEnded
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import USERS
from autograph_web.admin.errors import AccountUnknown
from autograph_web.admin.user_summary import Role, Status
from autograph_web.audit.store import AUDIT
from autograph_web.authn.errors import MfaNotEnabled
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.errors import DomainError
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.sessions.errors import Unfinished
from autograph_web.sessions.store import SESSIONS
from autograph_web.sessions.tokens import TokenPair
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
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
    rows,
)
from tests.support.services.operators import OPERATOR, create, lock, make_admin, person
from tests.support.services.two_step import enrol, principal_of

ADMIN, OTHER_ADMIN = "nora@northwind.dev", "otto@northwind.dev"
RACERS = 8
Act = Callable[[Services, UUID], Awaitable[object]]


async def demote(services: Services, user_id: UUID) -> object:
    return await services.user_actions.set_role(OPERATOR, user_id, Role.USER)


async def promote(services: Services, user_id: UUID) -> object:
    return await services.user_actions.set_role(OPERATOR, user_id, Role.ADMIN)


async def end_sessions(services: Services, user_id: UUID) -> object:
    return await services.user_actions.end_sessions(OPERATOR, user_id)


@pytest.mark.parametrize(
    ("act", "kind", "reason", "subject"),
    [
        (lock, "account_locked", "account_locked", "Your account has been locked"),
        (promote, "role_changed", "role_changed", "You're now an administrator"),
        (end_sessions, "sessions_ended_by_admin", "ended_by_admin", "You were signed out"),
    ],
)
async def test_every_session_is_over_before_it_is_said_to_be(
    services: Services, mailbox: Mailbox, act: Act, kind: str, reason: str, subject: str
) -> None:
    mina = await register(services)
    other = await register(services, "theo@northwind.dev")
    theos = await open_pair(services, other.email)
    pair, cookie = await open_pair(services), await open_cookie(services)
    for token in (pair.access_token, cookie, theos.access_token):  # their copies are cached in Redis now
        await principal_of(services, token)
    under_way = await prove(services)
    mailbox.empty()

    assert await act(services, mina.id)

    for token in (pair.access_token, cookie):
        with pytest.raises(SessionEnded):
            await principal_of(services, token)
    with pytest.raises(DomainError):
        await services.tokens.refresh(context(), pair.refresh_token)
    with pytest.raises(SessionEnded):
        await services.tokens.open_for_client(context(), under_way)
    await principal_of(services, theos.access_token)
    [event] = await audited(services, kind)
    assert (event.user_id, event.details["actor"]) == (mina.id, OPERATOR.actor)
    [letter] = mailbox.letters
    assert (letter.to, letter.subject) == (EMAIL, subject)
    assert {row.revoked_reason for row in await rows(services, SESSIONS) if row.user_id == mina.id} == {
        reason
    }


async def test_a_locked_account_cannot_be_signed_in_to_until_it_is_unlocked(
    services: Services, mailbox: Mailbox
) -> None:
    mina = await register(services)
    old = await open_pair(services)
    assert await lock(services, mina.id) is True
    with pytest.raises(InvalidCredentials):
        await prove(services)
    assert (await person(services)).status == Status.LOCKED

    assert await services.user_actions.unlock(OPERATOR, mina.id) is True
    assert await services.user_actions.unlock(OPERATOR, mina.id) is False
    with pytest.raises(SessionEnded):
        await principal_of(services, old.access_token)  # revocation is final
    await prove(services)
    assert len(await audited(services, "account_unlocked")) == 1
    assert mailbox.letters[-1].subject == "Your account has been unlocked"


async def test_links_from_before_a_lock_open_nothing_after_it(services: Services) -> None:
    link = (await create(services, EMAIL)).link or ""
    mina = await person(services)
    await lock(services, mina.id)
    await services.user_actions.unlock(OPERATOR, mina.id)
    with pytest.raises(LinkReplaced):
        await services.password_reset.confirm(context(), link.partition("token=")[2], PASSWORD)


async def test_a_link_does_not_open_a_locked_account(services: Services) -> None:
    await create(services, EMAIL)
    await lock(services, (await person(services)).id)
    mina = await person(services)
    async with services.database.unit() as connection:
        token = await services.links.issue(connection, Purpose.PASSWORD_RESET, mina.id, 60, EMAIL)
    with pytest.raises(LinkUnknown):
        await services.password_reset.confirm(context(), token, PASSWORD)


async def test_a_second_lock_is_neither_audited_nor_reported(services: Services, mailbox: Mailbox) -> None:
    mina = await register(services)
    mailbox.empty()
    outcomes = await asyncio.gather(*(lock(services, mina.id) for _ in range(RACERS)))
    assert sorted(map(bool, outcomes)) == [False] * (RACERS - 1) + [True]
    assert len(await audited(services, "account_locked")) == len(mailbox.letters) == 1


async def test_a_new_role_is_in_every_new_session_and_in_none_from_before(services: Services) -> None:
    mina = await register(services)
    before = await open_pair(services)
    await promote(services, mina.id)
    assert await promote(services, mina.id) is False
    with pytest.raises(SessionEnded):
        await principal_of(services, before.access_token)
    as_admin = await open_pair(services)
    assert (await principal_of(services, as_admin.access_token)).role == Role.ADMIN

    await make_admin(services, ADMIN)
    await demote(services, mina.id)
    with pytest.raises(SessionEnded):
        await principal_of(services, as_admin.access_token)
    assert (await principal_of(services, (await open_pair(services)).access_token)).role == Role.USER
    first, second = await audited(services, "role_changed")
    assert (first.details["before"], first.details["role"]) == ("user", "admin")
    assert (second.details["before"], second.details["role"]) == ("admin", "user")


@pytest.mark.parametrize("act", [lock, demote])
async def test_the_last_administrator_stays(services: Services, act: Act) -> None:
    admin = await make_admin(services, ADMIN)
    locked = await make_admin(services, OTHER_ADMIN)
    await lock(services, locked.id)  # a locked one does not count
    with pytest.raises(LastAdmin):
        await act(services, admin.id)
    assert (await person(services, ADMIN)).is_active_admin
    assert len(await audited(services, "account_locked")) == 1
    assert await audited(services, "role_changed") == []


async def test_a_locked_administrator_may_lose_the_role(services: Services) -> None:
    await make_admin(services, ADMIN)
    locked = await make_admin(services, OTHER_ADMIN)
    await lock(services, locked.id)
    assert await demote(services, locked.id) is True


@pytest.mark.parametrize("acts", [(lock, lock), (demote, demote), (lock, demote)])
async def test_of_many_who_take_away_the_last_administrators_one_is_refused(
    services: Services, acts: tuple[Act, Act]
) -> None:
    for round_ in range(4):
        admins = [await make_admin(services, f"admin{number}.{round_}@northwind.dev") for number in range(3)]
        outcomes = await asyncio.gather(
            *(acts[number % 2](services, admin.id) for number, admin in enumerate(admins)),
            return_exceptions=True,
        )
        active = [one for one in admins if (await person(services, one.email)).is_active_admin]
        assert len(active) == 1, outcomes
        assert sum(isinstance(outcome, LastAdmin) for outcome in outcomes) == 1, outcomes
        # The next round starts without administrators, as a change made directly in the database would leave
        # it.
        async with services.database.unit() as connection:
            await connection.execute(USERS.update().values(role="user"))


async def test_a_reset_of_two_step_verification_leaves_the_password(
    services: Services, clock: FakeClock, mailbox: Mailbox
) -> None:
    mina = await enrol(services, clock)
    trusted = await services.trusted_devices.trust(context(), mina.user_id)
    other = await enrol(services, clock, "theo@northwind.dev")
    mailbox.empty()
    await services.user_actions.reset_mfa(OPERATOR, mina.user_id)

    with pytest.raises(SessionEnded):
        await principal_of(services, mina.access_token)
    assert not await services.trusted_devices.recognise(trusted, mina.user_id)
    for table in (FACTORS, CODES, DEVICES):
        assert {row.user_id for row in await rows(services, table)} <= {other.user_id}
    assert not (await principal_of(services, (await open_pair(services)).access_token)).mfa_enabled
    [event] = await audited(services, "mfa_reset_by_admin")
    assert event.details["actor"] == OPERATOR.actor
    assert "Two-step verification was reset" in [letter.subject for letter in mailbox.letters]
    with pytest.raises(MfaNotEnabled):
        await services.user_actions.reset_mfa(OPERATOR, mina.user_id)


async def test_of_many_resets_at_once_one_happens(
    services: Services, clock: FakeClock, mailbox: Mailbox
) -> None:
    mina = await enrol(services, clock)
    mailbox.empty()
    outcomes = await asyncio.gather(
        *(services.user_actions.reset_mfa(OPERATOR, mina.user_id) for _ in range(RACERS)),
        return_exceptions=True,
    )
    assert outcomes.count(None) == 1, outcomes
    assert {type(one) for one in outcomes if one} == {MfaNotEnabled}
    assert len(mailbox.letters) == len(await audited(services, "mfa_reset_by_admin")) == 1


async def test_of_sign_ins_that_race_with_a_lock_none_survives(services: Services) -> None:
    mina = await register(services)
    grants = [await prove(services) for _ in range(4)]
    outcomes = await asyncio.gather(
        *(services.tokens.open_for_client(context(), grant) for grant in grants[:2]),
        lock(services, mina.id),
        *(services.tokens.open_for_client(context(), grant) for grant in grants[2:]),
        return_exceptions=True,
    )
    assert outcomes[2] is True
    for pair in outcomes:
        if isinstance(pair, TokenPair):
            with pytest.raises(SessionEnded):
                await principal_of(services, pair.access_token)


@pytest.mark.parametrize("act", [lock, promote, end_sessions])
async def test_an_account_that_is_not_there(services: Services, act: Act) -> None:
    with pytest.raises(AccountUnknown):
        await act(services, uuid4())
    with pytest.raises(AccountUnknown):
        await services.user_actions.reset_mfa(OPERATOR, uuid4())
    with pytest.raises(AccountUnknown):
        await services.user_actions.unlock(OPERATOR, uuid4())
    assert await how_many(services, AUDIT) == 0


async def test_without_redis_a_lock_is_written_down_and_said_truthfully(
    settings: Settings, open_services: OpenServices, own_redis: EmbeddedRedis
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    mina = await register(services)
    token = (await open_pair(services)).access_token
    await principal_of(services, token)
    own_redis.stop()
    with pytest.raises(Unfinished):
        await lock(services, mina.id)
    assert (await person(services)).status == Status.LOCKED
    with pytest.raises(SessionEnded):
        await principal_of(services, token)
