"""An operator resets the rate limits of an address; a known browser does not depend on that."""

import re

import pytest
from httpx import AsyncClient

from autograph_web.accounts.store import USERS
from autograph_web.admin.errors import AccountUnknown, AddressInvalid, NotAdmin
from autograph_web.admin.limits import ADDRESS_LIMITS
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited, Unavailable
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.settings import Settings
from tests.support.clients.command_line import as_json, command
from tests.support.product.sources import ROOT
from tests.support.servers.inspection import kill
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    WRONG,
    audited,
    change,
    device_cookie,
    make_settings,
    open_pair,
    prove,
    register,
)
from tests.support.services.operators import OPERATOR
from tests.support.services.two_step import principal_of

OFFICE = "198.51.100.77"


async def lock_out(services: Services, ip: str = OFFICE, *emails: str) -> None:
    for number in range(5):
        email = emails[number % len(emails)] if emails else f"person{number}@northwind.dev"
        with pytest.raises(InvalidCredentials):
            await prove(services, email, WRONG, ip=ip)
    with pytest.raises(RateLimited):
        await prove(services, ip=ip)


@pytest.mark.slow
async def test_an_address_is_unlocked_by_command_and_that_is_audited(services: Services) -> None:
    await register(services)
    await lock_out(services)
    told = await as_json(services, "address", "unlock", f"::ffff:{OFFICE}")
    assert told["lifted"] == ["login"]
    assert (await prove(services, ip=OFFICE)).email == EMAIL
    [event] = await audited(services, "limits_lifted")
    assert event.details["address"] == OFFICE
    assert event.details["actor"].startswith("command line: ")
    done = await command(services, "address", "unlock", OFFICE)
    assert (done.returncode, "no limits to lift" in done.stdout) == (0, True)
    done = await command(services, "address", "unlock", "the office")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


async def test_of_an_ipv6_network_every_address_is_unlocked_and_no_other(services: Services) -> None:
    await register(services)
    await lock_out(services, "2001:db8:1:2::1")
    assert await services.limits.lift_address(OPERATOR, "2001:db8:1:3::1") == []
    with pytest.raises(RateLimited):
        await prove(services, ip="2001:db8:1:2::9")
    assert await services.limits.lift_address(OPERATOR, "2001:db8:1:2::7") == ["login"]
    await prove(services, ip="2001:db8:1:2::9")
    with pytest.raises(AddressInvalid):
        await services.limits.lift_address(OPERATOR, "2001:db8::1::2")


async def test_of_an_account_its_own_limit_goes_and_those_of_where_signing_in_failed(
    services: Services, clock: FakeClock
) -> None:
    account = await register(services)
    await lock_out(services, "192.0.2.200")
    clock.advance(1)
    await lock_out(services, OFFICE, EMAIL)
    assert await services.limits.lift_account(OPERATOR, account.id) == ["login", "login_account"]
    assert (await prove(services, ip=OFFICE)).email == EMAIL
    with pytest.raises(RateLimited):  # there were no attempts on this account from there
        await prove(services, ip="192.0.2.200")
    with pytest.raises(AccountUnknown):
        await services.limits.lift_account(OPERATOR, type(account.id)(int=7))


async def test_a_known_browser_gets_in_from_an_address_that_has_to_wait(services: Services) -> None:
    await register(services)
    device = device_cookie(services, await prove(services))
    await lock_out(services)
    assert (await prove(services, ip=OFFICE, device=device)).email == EMAIL
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            await prove(services, EMAIL, WRONG, ip=OFFICE, device=device)
    with pytest.raises(RateLimited):
        await prove(services, ip=OFFICE, device=device)


async def test_only_an_administrator_who_has_just_signed_in_lifts(
    services: Services, api: AsyncClient, clock: FakeClock
) -> None:
    await register(services)
    token = (await open_pair(services)).access_token
    headers = {"Authorization": f"Bearer {token}"}
    body = {"address": OFFICE}
    answer = await api.post("/admin/addresses/unlock", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, NotAdmin.code)
    await change(services, USERS, role="admin")
    await lock_out(services)
    answer = await api.post("/admin/addresses/unlock", json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"lifted": ["login"]})
    answer = await api.post("/admin/addresses/unlock", json={"address": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, AddressInvalid.code)
    mine = (await principal_of(services, token)).user_id
    answer = await api.post(f"/admin/users/{mine}/limits/lift", headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"lifted": []})
    clock.advance(601)
    answer = await api.post("/admin/addresses/unlock", json=body, headers=headers)
    assert answer.json()["code"] == ReauthenticationRequired.code


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_redis_nothing_is_lifted_and_nothing_is_written_down(
    settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices
) -> None:
    own = make_settings(settings.data_dir, database_url=settings.sqlalchemy_url, redis_url=own_redis.url)
    services = await open_services(own)
    kill(own_redis)
    with pytest.raises(Unavailable):
        await services.limits.lift_address(OPERATOR, OFFICE)
    assert await audited(services, "limits_lifted") == []


def test_every_limit_that_counts_by_address_can_be_lifted() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "autograph_web").rglob("*.py"))
    counted = re.findall(r"\(Limit\.([A-Z_]+), (?:bucket|address_bucket\([a-z.]+\))[,)]", sources)
    assert {*(Limit[name] for name in counted), Limit.API_KEY_WRONG} == set(ADDRESS_LIMITS)
