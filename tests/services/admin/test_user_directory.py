"""Accounts as an operator finds and lists them, on both databases."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.admin.errors import AccountUnknown
from autograph_web.admin.user_summary import Actor, Role, Status, UserFilter
from autograph_web.container import Services
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, give_authenticators, open_pair, register
from tests.support.services.operators import administrator, create, lock, person
from tests.support.services.two_step import enrol, principal_of

NORA = "nora@northwind.dev"


async def end_sessions(services: Services, operator: Actor, user_id: UUID) -> object:
    return await services.user_actions.end_sessions(operator, user_id)


async def test_the_list_is_by_address_page_by_page(services: Services) -> None:
    names = ["a_b", "axb", "c%d", "Mina", "otto", "zoe"]
    for name in names:
        await create(services, f"{name}@northwind.dev", Role.ADMIN if name == "otto" else Role.USER)
    await lock(services, (await person(services, "zoe@northwind.dev")).id)

    async def listed(wanted: UserFilter, limit: int = 100) -> list[str]:
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            people, after = await services.user_directory.page(wanted, after, limit)
            assert len(people) <= limit
            found += [one.email.partition("@")[0] for one in people]
        return found

    everybody = await listed(UserFilter())
    assert sorted(everybody) == sorted(names)
    assert await listed(UserFilter(), 1) == await listed(UserFilter(), 4) == everybody
    assert await listed(UserFilter("MINA@")) == ["Mina"]
    assert await listed(UserFilter("a_b")) == ["a_b"]  # not a wildcard
    assert await listed(UserFilter("%")) == ["c%d"]
    assert await listed(UserFilter(role=Role.ADMIN)) == ["otto"]
    assert await listed(UserFilter(status=Status.LOCKED)) == ["zoe"]
    assert await listed(UserFilter("northwind", Role.ADMIN, Status.LOCKED)) == []


async def test_somebody_is_found_by_address_and_by_id(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    found = await services.user_directory.find(f" {EMAIL.upper()} ")
    assert found == await services.user_directory.find(str(mina.user_id))
    standing = await services.user_directory.standing(found)
    assert (standing.open_sessions, standing.recovery_codes_left, standing.trusted_devices) == (1, 10, 0)
    for nobody in ("theo@northwind.dev", str(uuid4()), "", "\0"):
        with pytest.raises(AccountUnknown):
            await services.user_directory.find(nobody)


async def test_people_are_found_by_what_they_have(services: Services) -> None:
    await register(services)
    await administrator(services)
    await give_authenticators(services, "admin")

    async def found(**wanted: object) -> list[str]:
        people, _ = await services.user_directory.page(replace(UserFilter(), **wanted), "", 9)
        return [person.email for person in people]

    assert await found(mfa=True) == [NORA]
    assert await found(mfa=False) == [EMAIL]
    assert await found(fragment="NORTHWIND") == [EMAIL, NORA]
    for nonsense in ("\0", "mina\0", "\ud800", "mina@\n"):
        assert await found(fragment=nonsense) == []
        with pytest.raises(AccountUnknown):
            await services.user_directory.find(nonsense)
    assert await services.user_directory.page(UserFilter(), "\0", 9) == ([], None)


async def test_the_open_sessions_of_an_account_are_listed(services: Services) -> None:
    mina = await register(services)
    pair = await open_pair(services)
    nora = await administrator(services)
    listed = await services.user_directory.sessions_of(await services.user_directory.find(EMAIL))
    assert [(one.ip, one.current) for one in listed] == [("203.0.113.7", False)]
    await end_sessions(services, nora, mina.id)
    with pytest.raises(SessionEnded):
        await principal_of(services, pair.access_token)
    assert await services.user_directory.sessions_of(await services.user_directory.find(EMAIL)) == []
