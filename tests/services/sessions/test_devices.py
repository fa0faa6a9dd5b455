"""The open sessions of an account: listed, and signed out one by one or all at once, on both databases."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.infra.errors import NotFound
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.sessions.cache import COPY_TTL
from autograph_web.sessions.devices import MOST_LISTED
from autograph_web.sessions.errors import Unfinished
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.store import SESSIONS
from autograph_web.sessions.tokens import TokenPair
from autograph_web.settings import Settings
from tests.support.servers.inspection import kill
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import AGENT, audited, context, how_many, open_pair, prove, register
from tests.support.services.signed_in_browser import Browser, come_in
from tests.support.services.two_step import enrol, fresh_viewer, start

OTHER = "theo@northwind.dev"
DAY = 86_400


async def owner_of(services: Services, pair: TokenPair) -> SessionPrincipal:
    return await services.sessions.authenticate_token(pair.access_token)


@pytest.fixture
async def here(services: Services) -> Browser:
    """The browser that Mina uses."""
    await register(services)
    return await come_in(services)


@pytest.fixture
async def there(services: Services, here: Browser) -> Browser:
    """Another browser of hers."""
    return await come_in(services, ip="198.51.100.9")


async def test_this_one_comes_first_and_then_what_was_used_last(
    services: Services, clock: FakeClock, here: Browser, there: Browser
) -> None:
    clock.advance(600)
    client = await owner_of(services, await open_pair(services, ip="192.0.2.4"))
    clock.advance(600)
    await come_in(services)

    first, newest, second, last = await services.devices.of(here.principal)
    assert (first.id, first.current, first.browser, first.method) == (here.id, True, True, "password")
    assert (first.ip, first.user_agent) == ("203.0.113.7", AGENT)
    assert (newest.created_at, newest.last_seen_at) == (clock.now(), clock.now())
    assert (second.id, second.current, second.browser, second.ip) == (
        client.session_id,
        False,
        False,
        "192.0.2.4",
    )
    assert (last.id, last.current) == (there.id, False)


async def test_it_says_how_somebody_signed_in(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    trusted = await services.trusted_devices.trust(context(), mina.user_id)
    grant = await start(services, trusted=trusted)
    await services.sessions.open_for_browser(context(), grant)  # pyright: ignore[reportArgumentType]
    principal = await fresh_viewer(services, clock, mina)

    methods = {one.method for one in await services.devices.of(principal)}
    assert methods >= {"password+trusted_device", principal.method}
    assert principal.method in ("password+totp", "password+recovery_code")


async def test_what_is_over_is_not_listed(
    services: Services, clock: FakeClock, here: Browser, there: Browser
) -> None:
    await services.sessions.end(context(), there.principal)
    assert [one.id for one in await services.devices.of(here.principal)] == [here.id]

    clock.advance(DAY + 1)
    later = await come_in(services)
    assert [one.id for one in await services.devices.of(later.principal)] == [later.id]


async def test_sessions_of_other_accounts_are_not_listed(services: Services, here: Browser) -> None:
    await register(services, OTHER)
    theo = await come_in(services, OTHER)

    assert [one.id for one in await services.devices.of(here.principal)] == [here.id]
    assert [one.id for one in await services.devices.of(theo.principal)] == [theo.id]


async def test_a_hundred_are_listed_and_this_one_is_among_them(services: Services, here: Browser) -> None:
    grant = await prove(services)
    async with services.database.unit() as connection:
        for _ in range(MOST_LISTED + 5):
            await services.sessions.open(connection, context(), replace(grant, session_id=uuid4()))

    found = await services.devices.of(here.principal)
    assert len(found) == MOST_LISTED
    assert found[0].id == here.id
    assert await services.devices.sign_out_others(context(), here.principal) == MOST_LISTED + 5
    assert [one.id for one in await services.devices.of(here.principal)] == [here.id]
    [event] = await audited(services, "session_revoked")
    assert (event.details["revoked"], len(event.details["sessions"])) == (MOST_LISTED + 5, MOST_LISTED)


async def test_one_is_signed_out_and_nothing_else(services: Services, here: Browser, there: Browser) -> None:
    third = await come_in(services)
    await services.devices.sign_out(context("192.0.2.1"), here.principal, there.id)

    assert [await one.is_out() for one in (here, there, third)] == [False, True, False]
    [event] = await audited(services, "session_revoked")
    assert (event.user_id, event.session_id, event.ip) == (here.principal.user_id, here.id, "192.0.2.1")
    assert event.details == {"revoked": 1, "sessions": [str(there.id)]}


async def test_the_tokens_of_a_client_are_dead(services: Services, here: Browser) -> None:
    pair = await open_pair(services)
    client = await owner_of(services, pair)
    await services.devices.sign_out(context(), here.principal, client.session_id)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(pair.access_token)
    with pytest.raises(SessionEnded):
        await services.tokens.refresh(context(), pair.refresh_token)


async def test_ones_own_is_an_ordinary_sign_out(services: Services, here: Browser, there: Browser) -> None:
    await services.devices.sign_out(context(), here.principal, here.id)

    assert (await here.is_out(), await there.is_out()) == (True, False)
    assert len(await audited(services, "logout")) == 1
    assert await audited(services, "session_revoked") == []


async def test_all_others_are_signed_out(services: Services, here: Browser, there: Browser) -> None:
    pair = await open_pair(services)
    assert await services.devices.sign_out_others(context(), here.principal) == 2

    assert (await here.is_out(), await there.is_out()) == (False, True)
    with pytest.raises(SessionEnded):
        await services.tokens.refresh(context(), pair.refresh_token)
    [event] = await audited(services, "session_revoked")
    assert event.details["revoked"] == 2
    assert str(there.id) in event.details["sessions"]
    assert str(here.id) not in event.details["sessions"]


async def test_without_other_sessions_nothing_is_audited(services: Services, here: Browser) -> None:
    assert await services.devices.sign_out_others(context(), here.principal) == 0
    assert await audited(services, "session_revoked") == []


async def test_sessions_of_other_accounts_cannot_be_signed_out(services: Services, here: Browser) -> None:
    await register(services, OTHER)
    theo = await come_in(services, OTHER)
    for _ in range(2):
        with pytest.raises(NotFound):
            await services.devices.sign_out(context(), theo.principal, here.id)
    assert await services.devices.sign_out_others(context(), theo.principal) == 0

    assert not await here.is_out()
    assert await audited(services, "session_revoked") == []


async def test_what_is_no_open_session_is_not_found(
    services: Services, clock: FakeClock, here: Browser, there: Browser
) -> None:
    with pytest.raises(NotFound):
        await services.devices.sign_out(context(), here.principal, uuid4())

    await services.devices.sign_out(context(), here.principal, there.id)
    await services.devices.sign_out(context(), here.principal, there.id)  # a double click is not an error
    clock.advance(COPY_TTL + 1)
    with pytest.raises(NotFound):
        await services.devices.sign_out(context(), here.principal, there.id)
    assert len(await audited(services, "session_revoked")) == 1


async def test_a_session_that_idled_out_is_not_found(
    services: Services, clock: FakeClock, there: Browser
) -> None:
    clock.advance(DAY + 1)
    now = await come_in(services)
    with pytest.raises(NotFound):
        await services.devices.sign_out(context(), now.principal, there.id)
    assert await audited(services, "session_revoked") == []


async def test_whoever_was_signed_out_meanwhile_ends_nothing(
    services: Services, here: Browser, there: Browser
) -> None:
    await services.devices.sign_out(context(), here.principal, there.id)
    with pytest.raises(SessionEnded):
        await services.devices.sign_out(context(), there.principal, here.id)
    with pytest.raises(SessionEnded):
        await services.devices.sign_out_others(context(), there.principal)

    assert not await here.is_out()


async def test_of_twenty_racers_on_one_session_one_writes_it_down(
    services: Services, here: Browser, there: Browser
) -> None:
    third = await come_in(services)
    racers = [
        services.devices.sign_out(context(), one.principal, there.id)
        for _ in range(10)
        for one in (here, third)
    ]
    await asyncio.gather(*racers)

    assert await there.is_out()
    [event] = await audited(services, "session_revoked")
    assert event.details == {"revoked": 1, "sessions": [str(there.id)]}


async def test_of_two_that_end_each_other_one_stays(
    services: Services, here: Browser, there: Browser
) -> None:
    outcomes = await asyncio.gather(
        services.devices.sign_out(context(), here.principal, there.id),
        services.devices.sign_out(context(), there.principal, here.id),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "SessionEnded"]
    assert sorted([await here.is_out(), await there.is_out()]) == [False, True]
    assert len(await audited(services, "session_revoked")) == 1


async def test_of_many_that_end_all_others_one_stays(services: Services, here: Browser) -> None:
    browsers = [here, *[await come_in(services) for _ in range(5)]]
    outcomes = await asyncio.gather(
        *(services.devices.sign_out_others(context(), one.principal) for one in browsers),
        return_exceptions=True,
    )

    assert [one for one in outcomes if not isinstance(one, SessionEnded)] == [5]
    assert [await one.is_out() for one in browsers].count(False) == 1


async def test_ending_sessions_in_every_way_at_once_harms_nothing(
    services: Services, here: Browser, there: Browser
) -> None:
    third = await come_in(services)
    sessions, devices = services.sessions, services.devices
    outcomes = await asyncio.gather(
        *(devices.sign_out_others(context(), here.principal) for _ in range(3)),
        *(devices.sign_out(context(), here.principal, there.id) for _ in range(3)),
        *(sessions.end(context(), third.principal) for _ in range(3)),
        sessions.end_all(context(), there.principal),
        return_exceptions=True,
    )

    assert [
        one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, SessionEnded)
    ] == []
    assert [await one.is_out() for one in (here, there, third)] == [True, True, True]
    assert len(await audited(services, "logout")) + len(await audited(services, "session_revoked")) <= 3


async def test_without_redis_it_says_that_it_is_not_finished_and_can_be(
    settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices, clock: FakeClock
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    await register(services)
    here, there, third = [await come_in(services) for _ in range(3)]
    kill(own_redis)
    with pytest.raises(Unfinished):
        await services.devices.sign_out(context(), here.principal, there.id)
    clock.advance(2)
    with pytest.raises(Unfinished):
        await services.devices.sign_out_others(context(), here.principal)
    assert (await there.is_out(), await third.is_out()) == (True, True)

    own_redis.start()
    clock.advance(2)
    await services.devices.sign_out(context(), here.principal, there.id)
    assert await services.devices.sign_out_others(context(), here.principal) == 0
    assert [await one.is_out() for one in (here, there, third)] == [False, True, True]
    assert [event.details["revoked"] for event in await audited(services, "session_revoked")] == [1, 1]
    assert await how_many(services, SESSIONS) == 3
