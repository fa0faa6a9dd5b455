"""Confirming one's identity within a session, on both databases."""

import pytest

from autograph_web.accounts.errors import SessionEnded, WrongPassword
from autograph_web.authn.errors import CodeMalformed, InvalidCode
from autograph_web.container import Services
from autograph_web.sessions.store import SESSIONS
from tests.support.clients.authenticator import PERIOD_S
from tests.support.servers.inspection import RedisWindow
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    WRONG,
    audited,
    context,
    how_many,
    open_cookie,
    prove,
    register,
    rows,
)
from tests.support.services.two_step import (
    Enrolled,
    enrol,
    open_browser,
    principal_of,
    reauthenticate,
    set_up,
)

TEN_MINUTES = 600


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


async def test_the_right_password_makes_a_session_fresh_again(services: Services, clock: FakeClock) -> None:
    await register(services)
    principal = await principal_of(services, await open_cookie(services, remember=True))
    clock.advance(TEN_MINUTES + 1)
    grant = await reauthenticate(services, principal)

    renewed = await principal_of(services, await open_browser(services, grant))
    assert (renewed.user_id, renewed.method, renewed.remember) == (principal.user_id, "password", True)
    assert await set_up(services, renewed)


@pytest.mark.parametrize("kind", ["totp", "recovery_code"])
async def test_with_two_step_verification_a_code_is_needed_too(
    services: Services, clock: FakeClock, mina: Enrolled, kind: str
) -> None:
    principal = await principal_of(services, mina.access_token)
    code = mina.phone.code(clock.seconds()) if kind == "totp" else mina.paper[0]
    grant = await reauthenticate(services, principal, code)

    assert (grant.method, grant.replaces) == (f"password+{kind}", principal.session_id)
    renewed = await principal_of(services, await open_browser(services, grant))
    assert await services.enrolment.regenerate_codes(context(), renewed)
    with pytest.raises(InvalidCode):
        await reauthenticate(services, renewed, code)


async def test_the_new_session_takes_the_place_of_the_old_one_at_once(
    services: Services, redis_window: RedisWindow
) -> None:
    await register(services)
    old, other = await open_cookie(services), await open_cookie(services)
    principal = await principal_of(services, old)
    new = await open_browser(services, await reauthenticate(services, principal))

    with pytest.raises(SessionEnded):
        await principal_of(services, old)
    assert (await principal_of(services, new)).session_id != principal.session_id
    assert await principal_of(services, other)
    redis_window.client.flushall()
    with pytest.raises(SessionEnded):
        await principal_of(services, old)
    [ended] = [row for row in await rows(services, SESSIONS) if row.revoked_at]
    assert (ended.id, ended.revoked_reason) == (principal.session_id, "reauthenticated")


async def test_the_old_session_goes_on_until_the_new_one_is_opened(services: Services) -> None:
    await register(services)
    cookie = await open_cookie(services)
    await reauthenticate(services, await principal_of(services, cookie))

    assert await principal_of(services, cookie)


@pytest.mark.parametrize("password", [WRONG, "", PASSWORD.upper(), "x" * 5000])
async def test_a_wrong_password_changes_nothing(services: Services, password: str) -> None:
    await register(services)
    cookie = await open_cookie(services)
    with pytest.raises(WrongPassword):
        await reauthenticate(services, await principal_of(services, cookie), password=password)

    assert await principal_of(services, cookie)
    assert await how_many(services, SESSIONS) == 1
    assert await audited(services, "reauthenticated") == []


async def test_a_wrong_password_spends_no_code(services: Services, mina: Enrolled) -> None:
    principal = await principal_of(services, mina.access_token)
    with pytest.raises(WrongPassword):
        await reauthenticate(services, principal, mina.paper[0], WRONG)

    assert (await services.second_factors.status(mina.user_id)).recovery_codes_left == 10


async def test_a_wrong_code_changes_nothing(services: Services, clock: FakeClock, mina: Enrolled) -> None:
    principal = await principal_of(services, mina.access_token)
    for code in (mina.phone.wrong_code(clock.seconds()), mina.phone.code(clock.seconds() - PERIOD_S)):
        with pytest.raises(InvalidCode):
            await reauthenticate(services, principal, code)

    assert await principal_of(services, mina.access_token)


@pytest.mark.parametrize("code", [None, "", "12345"])
async def test_no_code_at_all_is_asked_for_again_and_counts_nothing(
    services: Services, mina: Enrolled, redis_window: RedisWindow, code: str | None
) -> None:
    principal = await principal_of(services, mina.access_token)
    kept = redis_window.keys("rate_limit:*")
    for _ in range(6):
        with pytest.raises(CodeMalformed):
            await reauthenticate(services, principal, code)

    assert redis_window.keys("rate_limit:*") == kept


async def test_the_password_of_somebody_else_confirms_nothing(services: Services) -> None:
    await register(services)
    await register(services, "theo@northwind.dev", "basalt teapot nineteen lanterns")
    principal = await principal_of(services, await open_cookie(services))

    with pytest.raises(WrongPassword):
        await reauthenticate(services, principal, password="basalt teapot nineteen lanterns")
    assert (await prove(services, EMAIL)).email == EMAIL
