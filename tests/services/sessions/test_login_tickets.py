"""A one-time credential: the ticket between websocket and cookie."""

import asyncio

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.infra.errors import TicketExpired
from autograph_web.infra.flash import Flash
from autograph_web.sessions.principal import AuthenticationGrant
from tests.support.servers.inspection import RedisWindow
from tests.support.services.factories import context, prove, register

FLASH = Flash("rate_limited", "email", 12, ("One reason.",), {"email": "mina@northwind.dev"})


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what is tested here happens in Redis."""
    return sqlite_url


@pytest.fixture
async def ticket(services: Services) -> str:
    await register(services)
    return await services.login_tickets.issue(await prove(services, remember=True))


async def test_a_ticket_gives_the_whole_proof_back(services: Services) -> None:
    await register(services)
    grant = await prove(services, remember=True)

    assert await services.login_tickets.redeem(await services.login_tickets.issue(grant)) == grant


async def test_a_ticket_works_once(services: Services, ticket: str) -> None:
    await services.login_tickets.redeem(ticket)

    with pytest.raises(TicketExpired):
        await services.login_tickets.redeem(ticket)


async def test_of_twenty_racers_one_claims_the_ticket(services: Services, ticket: str) -> None:
    outcomes = await asyncio.gather(
        *(services.login_tickets.redeem(ticket) for _ in range(20)), return_exceptions=True
    )

    assert sum(isinstance(outcome, AuthenticationGrant) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, TicketExpired) for outcome in outcomes) == 19


async def test_a_ticket_is_kept_for_thirty_seconds(
    services: Services, ticket: str, redis_window: RedisWindow
) -> None:
    [(_, left)] = [entry for entry in redis_window.lifetimes().items() if entry[0].startswith("handoff:")]

    assert 25_000 < left <= 30_000


async def test_a_ticket_whose_time_has_run_out_is_refused(
    services: Services, ticket: str, redis_window: RedisWindow
) -> None:
    [key] = redis_window.keys("handoff:*")
    redis_window.client.pexpire(key, 1)
    await asyncio.sleep(0.02)

    with pytest.raises(TicketExpired):
        await services.login_tickets.redeem(ticket)


@pytest.mark.parametrize("made_up", ["", "x", "A" * 43, "*", "é", "\0"])
async def test_a_made_up_ticket_is_refused(services: Services, ticket: str, made_up: str) -> None:
    with pytest.raises(TicketExpired):
        await services.login_tickets.redeem(made_up)


async def test_a_claimed_proof_opens_one_session_only(services: Services, ticket: str) -> None:
    grant = await services.login_tickets.redeem(ticket)
    await services.sessions.open_for_browser(context(), grant)

    with pytest.raises(SessionEnded):
        await services.sessions.open_for_browser(context(), grant)


async def test_a_ticket_is_no_flash_and_a_flash_no_ticket(services: Services, ticket: str) -> None:
    left = await services.flash.put(FLASH)
    assert left is not None

    assert await services.flash.pop(ticket) is None
    with pytest.raises(TicketExpired):
        await services.login_tickets.redeem(left)
