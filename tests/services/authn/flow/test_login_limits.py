"""The rate limits of signing in, with a real Redis."""

import asyncio
from typing import Any

import pytest

from autograph_web.accounts.store import USERS
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from autograph_web.sessions.principal import AuthenticationGrant
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, WRONG, audited, change, device_cookie, prove, register

OTHER = "theo@northwind.dev"
WINDOW = 15 * 60


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what is tested here happens in Redis."""
    return sqlite_url


async def fail(services: Services, times: int, email: str = EMAIL, **more: Any) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            await prove(services, email, WRONG, **more)


async def test_the_sixth_try_of_an_address_is_refused(services: Services) -> None:
    await register(services)
    await fail(services, 5)

    with pytest.raises(RateLimited) as refusal:
        await prove(services)

    assert refusal.value.retry_after == WINDOW


async def test_an_address_is_stopped_whatever_accounts_it_tries(services: Services) -> None:
    for number in range(5):
        await fail(services, 1, f"person{number}@northwind.dev")

    with pytest.raises(RateLimited):
        await prove(services, "person5@northwind.dev", WRONG)


async def test_an_account_is_guarded_across_addresses(services: Services) -> None:
    await register(services)
    for number in range(5):
        await fail(services, 1, ip=f"192.0.2.{number}")

    with pytest.raises(RateLimited):
        await prove(services, ip="192.0.2.99")


async def test_other_accounts_and_addresses_go_on(services: Services) -> None:
    await register(services, OTHER)
    await fail(services, 5, ip="192.0.2.1")

    assert (await prove(services, OTHER, ip="192.0.2.2")).email == OTHER


async def test_a_flood_of_refusals_is_audited_once(services: Services) -> None:
    await register(services)
    await fail(services, 5)
    for _ in range(10):
        with pytest.raises(RateLimited):
            await prove(services)

    [row] = await audited(services, "login_rate_limited")
    assert (row.ip, row.details) == ("203.0.113.7", {"retry_after": WINDOW})


async def test_the_window_slides(services: Services, clock: FakeClock) -> None:
    await register(services)
    await fail(services, 1)
    clock.advance(600)
    await fail(services, 4)
    with pytest.raises(RateLimited) as refusal:
        await prove(services)
    assert refusal.value.retry_after == WINDOW - 600

    clock.advance(WINDOW - 600)
    await fail(services, 1)
    with pytest.raises(RateLimited):
        await prove(services)


async def test_a_refused_try_does_not_prolong_the_wait(services: Services, clock: FakeClock) -> None:
    await register(services)
    await fail(services, 5)
    clock.advance(WINDOW - 1)
    with pytest.raises(RateLimited) as refusal:
        await prove(services)
    assert refusal.value.retry_after == 1

    clock.advance(1)
    assert (await prove(services)).email == EMAIL


async def test_a_success_gives_its_own_account_back_its_tries(services: Services) -> None:
    await register(services)
    for _ in range(3):
        await fail(services, 4)
        await prove(services)


async def test_a_success_does_not_clear_failures_on_other_accounts(services: Services) -> None:
    await register(services, OTHER)
    await fail(services, 4, EMAIL)
    await prove(services, OTHER)
    await fail(services, 1, EMAIL)

    with pytest.raises(RateLimited):
        await prove(services, OTHER)


async def test_a_success_elsewhere_does_not_clear_an_address_that_guesses(services: Services) -> None:
    await register(services)
    await fail(services, 4, ip="192.0.2.66")
    await prove(services, ip="192.0.2.1")
    await fail(services, 1, ip="192.0.2.66")

    with pytest.raises(RateLimited):
        await prove(services, ip="192.0.2.66")


async def test_of_twenty_concurrent_guesses_five_are_looked_at(services: Services) -> None:
    await register(services)
    outcomes = await asyncio.gather(
        *(prove(services, password=WRONG) for _ in range(20)), return_exceptions=True
    )

    kinds = [type(outcome) for outcome in outcomes]
    assert kinds.count(InvalidCredentials) == 5
    assert kinds.count(RateLimitExceeded) == 15
    assert len(await audited(services, "login_failed")) == 5


async def test_twenty_concurrent_right_passwords_from_one_address_all_get_in(services: Services) -> None:
    await register(services)
    outcomes = await asyncio.gather(*(prove(services) for _ in range(20)))

    assert all(isinstance(outcome, AuthenticationGrant) for outcome in outcomes)


@pytest.mark.parametrize(
    "email", [EMAIL.upper(), f"  {EMAIL}", "\uff4dina@northwind.dev", "MINA@Northwind.dev "]
)
async def test_another_spelling_of_the_address_buys_no_tries(services: Services, email: str) -> None:
    await register(services)
    for number in range(5):
        await fail(services, 1, ip=f"192.0.2.{number}")

    with pytest.raises(RateLimited):
        await prove(services, email, WRONG, ip="192.0.2.99")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "not an address"),
    ],
)
async def test_addresses_of_one_network_share_a_budget(services: Services, first: str, second: str) -> None:
    for number in range(5):
        await fail(services, 1, f"person{number}@northwind.dev", ip=first)

    with pytest.raises(RateLimited):
        await prove(services, OTHER, WRONG, ip=second)


async def test_another_ipv6_network_has_a_budget_of_its_own(services: Services) -> None:
    await fail(services, 5, ip="2001:db8:1:2::1")
    await fail(services, 1, OTHER, ip="2001:db8:1:3::1")


async def test_a_stranger_cannot_lock_a_known_device_out(services: Services) -> None:
    await register(services)
    device = device_cookie(services, await prove(services))
    await fail(services, 5, ip="192.0.2.66")

    assert (await prove(services, device=device)).email == EMAIL
    with pytest.raises(RateLimited):
        await prove(services)


async def test_a_known_device_has_a_budget_as_well(services: Services) -> None:
    await register(services)
    device = device_cookie(services, await prove(services))
    for number in range(5):
        await fail(services, 1, device=device, ip=f"192.0.2.{number}")

    with pytest.raises(RateLimited):
        await prove(services, device=device)


@pytest.mark.parametrize("forgery", ["", "x", "a.b.c", "a" * 22 + ".0123456789ab." + "A" * 43, "a" * 5000])
async def test_a_made_up_device_cookie_counts_for_nothing(services: Services, forgery: str) -> None:
    await register(services)
    await fail(services, 5, ip="192.0.2.66")

    with pytest.raises(RateLimited):
        await prove(services, device=forgery)


async def test_a_device_cookie_of_another_account_counts_for_nothing(services: Services) -> None:
    await register(services)
    await register(services, OTHER)
    theirs = device_cookie(services, await prove(services, OTHER))
    await fail(services, 5, ip="192.0.2.66")

    with pytest.raises(RateLimited):
        await prove(services, device=theirs)


async def test_a_try_that_breaks_in_the_middle_does_not_count(services: Services) -> None:
    await register(services)
    await change(services, USERS, password_hash="not a hash")
    for _ in range(10):
        with pytest.raises(ValueError, match="hash"):
            await prove(services)
