"""Who may administer: read again for every change; others learn nothing from a refusal; on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from autograph_web.accounts.errors import LastAdmin
from autograph_web.admin.errors import NotAdmin, OwnAccount
from autograph_web.admin.inputs import AuditInput
from autograph_web.admin.user_provisioning import CreationInput
from autograph_web.admin.user_summary import Actor, Role, UserFilter, administrator_in
from autograph_web.api_keys.key import Scope
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.sessions.assurance import RECENT_S
from autograph_web.sessions.errors import ReauthenticationRequired
from tests.support.mail.mailbox import Mailbox
from tests.support.services.api_keys import issue, use
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    audited,
    context,
    give_authenticators,
    how_many,
    open_pair,
    register,
)
from tests.support.services.operators import OPERATOR, acting, administrator, caller_of
from tests.support.services.two_step import principal_of

NORA, OTTO = "nora@northwind.dev", "otto@northwind.dev"
Act = Callable[[Services, Actor, UUID], Awaitable[object]]


async def lock(services: Services, operator: Actor, user_id: UUID) -> object:
    return await services.user_actions.lock(operator, user_id)


async def unlock(services: Services, operator: Actor, user_id: UUID) -> object:
    return await services.user_actions.unlock(operator, user_id)


async def promote(services: Services, operator: Actor, user_id: UUID) -> object:
    return await services.user_actions.set_role(operator, user_id, Role.ADMIN)


async def end_sessions(services: Services, operator: Actor, user_id: UUID) -> object:
    return await services.user_actions.end_sessions(operator, user_id)


async def reset_mfa(services: Services, operator: Actor, user_id: UUID) -> object:
    return await services.user_actions.reset_mfa(operator, user_id)


async def create(services: Services, operator: Actor, _user_id: UUID) -> object:
    return await services.user_provisioning.create(operator, CreationInput(email=EMAIL, role=Role.ADMIN))


ACTS = (lock, unlock, promote, end_sessions, reset_mfa, create)
every_change = pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)


@every_change
async def test_a_user_without_the_role_changes_nothing_and_learns_nothing(
    services: Services, mailbox: Mailbox, act: Act
) -> None:
    mina = await register(services)
    await register(services, OTTO)
    otto = await acting(services, OTTO)
    mailbox.empty()
    before = await how_many(services, AUDIT)
    for user_id in (mina.id, uuid4()):
        with pytest.raises(NotAdmin):
            await act(services, otto, user_id)
    assert (await how_many(services, AUDIT), mailbox.letters) == (before, [])
    await principal_of(services, (await open_pair(services)).access_token)


@every_change
async def test_a_role_that_is_over_is_over_whatever_the_session_says(services: Services, act: Act) -> None:
    mina = await register(services)
    nora = await administrator(services)
    await administrator(services, OTTO)
    await services.admin_policy.require(caller_of(nora))
    await services.user_actions.set_role(OPERATOR, caller_of(nora).user_id, Role.USER)
    with pytest.raises(NotAdmin):
        await services.admin_policy.require(caller_of(nora))
    with pytest.raises(NotAdmin):
        await act(services, nora, mina.id)


async def test_a_locked_administrator_is_none(services: Services) -> None:
    nora = await administrator(services)
    await administrator(services, OTTO)
    await services.user_actions.lock(OPERATOR, caller_of(nora).user_id)
    with pytest.raises(NotAdmin):
        await services.admin_policy.require(caller_of(nora))


@every_change
async def test_every_change_needs_a_recent_sign_in(services: Services, clock: FakeClock, act: Act) -> None:
    await register(services, "theo@northwind.dev")
    nora = await administrator(services)
    theo = await services.user_directory.find("theo@northwind.dev")
    clock.advance(RECENT_S + 1)
    with pytest.raises(ReauthenticationRequired):
        await act(services, nora, theo.id)
    assert await services.user_directory.find("theo@northwind.dev") == theo


async def test_a_trusted_device_is_not_enough(services: Services) -> None:
    mina = await register(services)
    nora = await administrator(services)
    await give_authenticators(services, "admin")
    with pytest.raises(ReauthenticationRequired):
        await lock(services, nora, mina.id)


async def test_what_is_done_names_who_did_it_but_not_to_the_owner(services: Services) -> None:
    mina = await register(services)
    nora = await administrator(services)
    await lock(services, nora, mina.id)
    [event] = await audited(services, "account_locked")
    assert administrator_in(event.details["actor"]) == caller_of(nora).user_id
    assert event.ip == nora.context.ip

    [seen] = [
        event
        for event in await services.audit_log.recent(mina.id, 9)
        if event.kind is EventType.ACCOUNT_LOCKED
    ]
    assert (seen.ip, seen.user_agent, seen.session_id) == ("", "", None)
    assert seen.details["actor"] == "an administrator"


async def test_an_api_key_needs_no_recent_sign_in_and_is_named(services: Services, clock: FakeClock) -> None:
    mina = await register(services)
    nora = await administrator(services)
    principal = await principal_of(services, (await open_pair(services, NORA)).access_token)
    issued = await issue(services, principal, scopes=frozenset({Scope.ADMIN}))
    clock.advance(RECENT_S + 1)
    key = Actor.administrator(context(), await use(services, issued.text))
    assert await lock(services, key, mina.id) is True
    [event] = await audited(services, "account_locked")
    assert issued.key.id in event.details["actor"]
    assert administrator_in(event.details["actor"]) == caller_of(nora).user_id
    page = await services.audit_search.page(AuditInput(person=EMAIL, kind="account_locked"), None, 9)
    assert [found.operator for found in page.found] == [NORA]


@pytest.mark.parametrize("act", [lock, reset_mfa], ids=lambda act: act.__name__)
async def test_administrators_cannot_lock_or_reset_themselves(services: Services, act: Act) -> None:
    nora = await administrator(services)
    await administrator(services, OTTO)
    with pytest.raises(OwnAccount):
        await act(services, nora, caller_of(nora).user_id)
    await services.admin_policy.require(caller_of(nora))


async def test_an_administrator_may_step_down_but_the_last_may_not(services: Services) -> None:
    nora = await administrator(services)
    me = caller_of(nora).user_id
    with pytest.raises(LastAdmin):
        await services.user_actions.set_role(nora, me, Role.USER)
    await administrator(services, OTTO)
    assert await services.user_actions.set_role(nora, me, Role.USER) is True
    with pytest.raises(NotAdmin):
        await services.admin_policy.require(caller_of(nora))


async def test_of_two_who_demote_each_other_one_stays(services: Services) -> None:
    nora, otto = await administrator(services), await administrator(services, OTTO)
    outcomes = await asyncio.gather(
        services.user_actions.set_role(nora, caller_of(otto).user_id, Role.USER),
        services.user_actions.set_role(otto, caller_of(nora).user_id, Role.USER),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotAdmin", "bool"]
    left, _ = await services.user_directory.page(UserFilter(role=Role.ADMIN), "", 9)
    assert len(left) == 1


async def test_of_many_who_lock_one_account_one_does(services: Services, mailbox: Mailbox) -> None:
    mina = await register(services)
    nora = await administrator(services)
    mailbox.empty()
    outcomes = await asyncio.gather(*(lock(services, nora, mina.id) for _ in range(6)))
    assert sorted(map(bool, outcomes)) == [False] * 5 + [True]
    assert len(await audited(services, "account_locked")) == 1
    assert len(mailbox.letters) == 1
