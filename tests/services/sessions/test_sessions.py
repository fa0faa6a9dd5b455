"""Sessions: how long they live, what opens them, and how they end, on both databases."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import uuid4

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.infra.errors import DomainError
from autograph_web.sessions.errors import InvalidToken, NotAuthenticated
from autograph_web.sessions.store import SESSIONS
from tests.support.servers.inspection import RedisWindow, statements
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    AGENT,
    EMAIL,
    context,
    open_cookie,
    open_pair,
    prove,
    register,
    rows,
)

HOUR, DAY = 3600, 86_400


async def test_a_cookie_stands_for_its_person(services: Services, clock: FakeClock) -> None:
    account = await register(services)
    principal = await services.sessions.authenticate_cookie(await open_cookie(services))

    assert (principal.user_id, principal.email, principal.role) == (account.id, EMAIL, "user")
    assert principal.signed_in_at == clock.now()
    assert (principal.remember, principal.token_id) == (False, None)


async def test_an_access_token_stands_for_its_person(services: Services) -> None:
    account = await register(services)
    pair = await open_pair(services)
    principal = await services.sessions.authenticate_token(pair.access_token)

    assert (principal.user_id, principal.email) == (account.id, EMAIL)
    assert principal.token_id is not None
    assert pair.expires_in == HOUR


async def test_a_session_is_stored_with_its_circumstances(services: Services, clock: FakeClock) -> None:
    await register(services)
    grant = await prove(services)
    await services.sessions.open_for_browser(context("2001:db8::5"), grant)

    [row] = await rows(services, SESSIONS)
    assert (row.id, row.ip, row.user_agent, row.method) == (
        grant.session_id,
        "2001:db8::5",
        AGENT,
        "password",
    )
    assert row.created_at == row.authenticated_at == clock.now()


async def test_a_browser_cookie_lasts_as_long_as_it_was_asked_to(services: Services) -> None:
    await register(services)
    short = await services.sessions.open_for_browser(context(), await prove(services))
    long = await services.sessions.open_for_browser(context(), await prove(services, remember=True))

    assert short.max_age is None
    assert long.max_age == 30 * DAY


@pytest.mark.parametrize(("remember", "idle"), [(False, DAY), (True, 30 * DAY)])
async def test_an_unused_session_ends_at_its_time(
    services: Services, clock: FakeClock, remember: bool, idle: int
) -> None:
    await register(services)
    cookie = await open_cookie(services, remember=remember)
    clock.advance(idle)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


@pytest.mark.parametrize(("remember", "idle"), [(False, DAY), (True, 30 * DAY)])
async def test_an_unused_session_does_not_end_before_its_time(
    services: Services, clock: FakeClock, remember: bool, idle: int
) -> None:
    await register(services)
    cookie = await open_cookie(services, remember=remember)
    clock.advance(idle - 1)

    assert (await services.sessions.authenticate_cookie(cookie)).remember == remember


async def test_a_copy_in_redis_does_not_outlive_its_session(services: Services, clock: FakeClock) -> None:
    await register(services)
    cookie = await open_cookie(services)
    await services.sessions.authenticate_cookie(cookie)
    clock.advance(DAY)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


async def test_a_used_session_goes_on(
    services: Services, clock: FakeClock, redis_window: RedisWindow
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    for _ in range(5):
        clock.advance(20 * HOUR)
        redis_window.forget("session:*")
        await services.sessions.authenticate_cookie(cookie)


@pytest.mark.parametrize("remember", [False, True])
async def test_no_session_lasts_longer_than_thirty_days(
    services: Services, clock: FakeClock, redis_window: RedisWindow, remember: bool
) -> None:
    await register(services)
    cookie = await open_cookie(services, remember=remember)
    for _ in range(35):
        clock.advance(20 * HOUR)
        redis_window.forget("session:*")
        await services.sessions.authenticate_cookie(cookie)
    clock.advance(20 * HOUR)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)


async def test_an_access_token_lasts_an_hour(services: Services, clock: FakeClock) -> None:
    await register(services)
    pair = await open_pair(services)
    clock.advance(HOUR - 1)
    await services.sessions.authenticate_token(pair.access_token)
    clock.advance(1)

    with pytest.raises(InvalidToken):
        await services.sessions.authenticate_token(pair.access_token)


def with_bytes(cookie: str, start: int, replacement: bytes) -> str:
    raw = bytearray(urlsafe_b64decode(cookie + "=="))
    raw[start : start + len(replacement)] = replacement
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("place", [0, 15, 16, 31, 32, 47, 63])
async def test_a_cookie_with_one_other_byte_opens_nothing(services: Services, warm: bool, place: int) -> None:
    await register(services)
    cookie = await open_cookie(services)
    if warm:
        await services.sessions.authenticate_cookie(cookie)
    byte = urlsafe_b64decode(cookie + "==")[place]

    with pytest.raises((NotAuthenticated, SessionEnded)):
        await services.sessions.authenticate_cookie(with_bytes(cookie, place, bytes([byte ^ 1])))


@pytest.mark.parametrize("warm", [True, False])
async def test_a_cookie_cannot_claim_another_person(services: Services, warm: bool) -> None:
    await register(services)
    stranger = await register(services, "theo@northwind.dev")
    cookie = await open_cookie(services)
    if warm:
        await services.sessions.authenticate_cookie(cookie)

    with pytest.raises(NotAuthenticated):
        await services.sessions.authenticate_cookie(with_bytes(cookie, 0, stranger.id.bytes))


async def test_the_session_of_a_rest_client_has_no_cookie(services: Services) -> None:
    account = await register(services)
    grant = await prove(services)
    await services.tokens.open_for_client(context(), grant)
    raw = account.id.bytes + grant.session_id.bytes + bytes(32)

    with pytest.raises(NotAuthenticated):
        await services.sessions.authenticate_cookie(urlsafe_b64encode(raw).rstrip(b"=").decode())


async def test_a_proof_opens_one_session_only(services: Services) -> None:
    await register(services)
    grant = await prove(services)
    await services.sessions.open_for_browser(context(), grant)

    with pytest.raises(SessionEnded):
        await services.sessions.open_for_browser(context(), grant)
    with pytest.raises(SessionEnded):
        await services.tokens.open_for_client(context(), grant)
    assert len(await rows(services, SESSIONS)) == 1


async def test_twenty_racers_with_one_proof_open_one_session(services: Services) -> None:
    await register(services)
    grant = await prove(services)
    outcomes = await asyncio.gather(
        *(services.sessions.open_for_browser(context(), grant) for _ in range(20)), return_exceptions=True
    )

    assert sum(isinstance(outcome, SessionEnded) for outcome in outcomes) == 19
    assert len(await rows(services, SESSIONS)) == 1


async def test_a_session_that_never_was_is_over(services: Services) -> None:
    raw = uuid4().bytes + uuid4().bytes + bytes(32)

    with pytest.raises(DomainError):
        await services.sessions.authenticate_cookie(urlsafe_b64encode(raw).rstrip(b"=").decode())


async def test_a_check_takes_one_redis_command_and_no_sql(
    services: Services, redis_window: RedisWindow
) -> None:
    await register(services)
    pair, cookie = await open_pair(services), await open_cookie(services)
    await services.sessions.authenticate_token(pair.access_token)
    await services.sessions.authenticate_cookie(cookie)

    with statements(services) as sql, redis_window.counting() as commands:
        await services.sessions.authenticate_token(pair.access_token)
        await services.sessions.authenticate_cookie(cookie)

    assert sql == []
    assert commands == {"mget": 2}


async def test_only_the_first_check_reads_the_database(services: Services) -> None:
    await register(services)
    cookie = await open_cookie(services)

    with statements(services) as sql:
        for _ in range(5):
            await services.sessions.authenticate_cookie(cookie)

    assert len([statement for statement in sql if statement.startswith("SELECT")]) == 1
