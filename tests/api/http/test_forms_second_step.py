"""The second step by native forms: its cookies, and what they permit."""

from http.cookies import Morsel
from typing import Any

import pytest
from httpx import AsyncClient, Response

from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.flash import Flash
from autograph_web.sessions.store import SESSIONS
from tests.support.clients.http import CREDENTIALS, assert_problem, cookies_set, sign_up
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, WRONG, how_many, rows
from tests.support.services.two_step import Enrolled, enrol, principal_of

OTHER = "theo@northwind.dev"
HTTPS = {"base_url": "https://accounts.northwind.dev"}
MONTH = "2592000"


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


async def flash_of(services: Services, response: Response) -> Flash:
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    return flash


async def first_step(browser: AsyncClient, email: str = EMAIL, **more: str) -> Response:
    return await browser.post("/session/sign-in", data={"email": email, "password": PASSWORD, **more})


def attributes(cookie: Morsel[str]) -> tuple[str, str, bool, str]:
    return cookie["max-age"], cookie["path"], bool(cookie["httponly"]), cookie["samesite"].lower()


async def test_the_password_step_sets_the_challenge_cookie_and_opens_nothing(
    browser: AsyncClient, services: Services, mina: Enrolled
) -> None:
    before = await how_many(services, SESSIONS)
    response = await first_step(browser, next="/dashboard?tab=2")

    assert response.status_code == 303
    assert response.headers["location"] == "/login?next=%2Fdashboard%3Ftab%3D2"
    [(name, cookie)] = cookies_set(response).items()
    assert (name, attributes(cookie)) == ("autograph_challenge", ("300", "/", True, "lax"))
    assert (await services.second_factor_step.describe(cookie.value)).email == EMAIL
    assert await how_many(services, SESSIONS) == before
    protected = await browser.get("/dashboard")
    assert protected.headers["location"].startswith("/login?")


async def test_the_right_code_opens_the_session_and_takes_the_challenge_back(
    browser: AsyncClient, services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    await first_step(browser, remember_me="on")
    code = mina.phone.code(clock.seconds())
    response = await browser.post("/session/verify", data={"code": code, "next": "/dashboard?tab=2"})

    assert (response.status_code, response.headers["location"]) == (303, "/dashboard?tab=2")
    cookies = cookies_set(response)
    assert set(cookies) == {"autograph_session", "autograph_device", "autograph_challenge"}
    assert attributes(cookies["autograph_session"]) == (MONTH, "/", True, "lax")
    assert (cookies["autograph_challenge"].value, cookies["autograph_challenge"]["max-age"]) == ("", "0")
    principal = await principal_of(services, cookies["autograph_session"].value)
    assert (principal.user_id, principal.method) == (mina.user_id, "password+totp")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("wrong", "invalid_code"),
        ("12345", "code_malformed"),
        ("", "code_malformed"),
        ("1" * 10_000, "invalid_input"),
    ],
)
async def test_a_wrong_code_leads_back_and_may_be_corrected(
    browser: AsyncClient, services: Services, clock: FakeClock, mina: Enrolled, code: str, said: str
) -> None:
    await first_step(browser)
    typed = mina.phone.wrong_code(clock.seconds()) if code == "wrong" else code
    response = await browser.post("/session/verify", data={"code": typed})

    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert set(cookies_set(response)) == {"autograph_flash"}
    flash = await flash_of(services, response)
    assert (flash.code, flash.values) == (said, {})
    right = await browser.post("/session/verify", data={"code": mina.phone.code(clock.seconds())})
    assert "autograph_session" in cookies_set(right)


async def test_the_sixth_wrong_code_is_told_when_to_come_back(
    browser: AsyncClient, services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    await first_step(browser)
    wrong = {"code": mina.phone.wrong_code(clock.seconds())}
    for _ in range(5):
        await browser.post("/session/verify", data=wrong)

    flash = await flash_of(services, await browser.post("/session/verify", data=wrong))
    assert (flash.code, flash.retry_after) == ("rate_limited", 300)


@pytest.mark.parametrize("forged", [None, "", "x", "A" * 43, "A" * 5000])
async def test_without_a_challenge_of_its_own_a_browser_signs_in_again(
    connect: Connect,
    browser: AsyncClient,
    services: Services,
    clock: FakeClock,
    mina: Enrolled,
    redis_window: RedisWindow,
    forged: str | None,
) -> None:
    """A pending challenge of the same address and user agent is for REST clients, not for other browsers."""
    await first_step(browser)
    other = connect(origin=services.settings.base_url)
    if forged is not None:
        other.cookies.set("autograph_challenge", forged)
    response = await other.post("/session/verify", data={"code": mina.phone.code(clock.seconds())})

    assert set(cookies_set(response)) == {"autograph_flash"}
    assert (await flash_of(services, response)).code == "challenge_expired"
    assert redis_window.keys("rate_limit:mfa*") == []


@pytest.mark.parametrize("path", ["/session/start-over", "/session/end"])
async def test_starting_over_or_signing_out_leaves_nothing_of_a_challenge(
    connect: Connect,
    browser: AsyncClient,
    services: Services,
    clock: FakeClock,
    mina: Enrolled,
    redis_window: RedisWindow,
    path: str,
) -> None:
    challenge = cookies_set(await first_step(browser))["autograph_challenge"].value
    response = await browser.post(path, data={"button": "pressed"})

    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert cookies_set(response)["autograph_challenge"]["max-age"] == "0"
    assert redis_window.keys("mfa_*") == []
    thief = connect(origin=services.settings.base_url, Cookie=f"autograph_challenge={challenge}")
    late = await thief.post("/session/verify", data={"code": mina.phone.code(clock.seconds())})
    assert "autograph_session" not in cookies_set(late)


async def test_starting_over_without_a_challenge_is_fine(browser: AsyncClient) -> None:
    response = await browser.post("/session/start-over", data={"next": "/dashboard?tab=2"})

    assert response.headers["location"] == "/login?next=%2Fdashboard%3Ftab%3D2"


async def test_a_browser_is_trusted_when_it_asks_and_the_code_is_right(
    browser: AsyncClient, services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    await first_step(browser)
    wrong = {"code": mina.phone.wrong_code(clock.seconds()), "trust_device": "on"}
    assert "autograph_trusted" not in cookies_set(await browser.post("/session/verify", data=wrong))
    assert await how_many(services, DEVICES) == 0

    right = {"code": mina.phone.code(clock.seconds()), "trust_device": "on"}
    cookie = cookies_set(await browser.post("/session/verify", data=right))["autograph_trusted"]
    assert attributes(cookie) == (MONTH, "/", True, "lax")
    assert [row.token_hash for row in await rows(services, DEVICES)] == [token_hash(cookie.value)]


async def test_a_trusted_browser_is_not_asked_again_for_this_account_only(
    connect: Connect, browser: AsyncClient, services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    theo = await enrol(services, clock, OTHER)
    await first_step(browser)
    await browser.post("/session/verify", data={"code": mina.paper[0], "trust_device": "on"})
    trusted = browser.cookies["autograph_trusted"]

    again = cookies_set(await first_step(browser))
    assert (
        await principal_of(services, again["autograph_session"].value)
    ).method == "password+trusted_device"
    assert "autograph_challenge" in cookies_set(await first_step(browser, theo.email))
    forged = f"autograph_trusted={trusted[:-2]}AA"
    other = connect(origin=services.settings.base_url, Cookie=forged)
    assert set(cookies_set(await first_step(other))) == {"autograph_challenge"}


@pytest.mark.parametrize("settings_changes", [HTTPS])
async def test_on_https_the_cookies_belong_to_this_very_host(
    browser: AsyncClient, clock: FakeClock, mina: Enrolled, settings_changes: dict[str, Any]
) -> None:
    asked = cookies_set(await first_step(browser))
    answer = {"code": mina.phone.code(clock.seconds()), "trust_device": "on"}
    opened = cookies_set(await browser.post("/session/verify", data=answer))

    assert set(asked) == {"__Host-autograph_challenge"}
    assert {"__Host-autograph_session", "__Host-autograph_trusted"} <= set(opened)
    assert all(one["secure"] and one["path"] == "/" for one in (*asked.values(), *opened.values()))
    assert not any(one["domain"] for one in (*asked.values(), *opened.values()))


@pytest.mark.parametrize("path", ["/session/verify", "/session/start-over", "/session/reveal"])
@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
async def test_another_site_cannot_submit_these_forms(
    connect: Connect, path: str, origin: str | None
) -> None:
    assert_problem(await connect(origin=origin).post(path, data={"code": "123456"}), 403, "origin_refused")


async def test_a_wrong_password_looks_the_same_for_every_account(
    browser: AsyncClient, services: Services, mina: Enrolled
) -> None:
    await sign_up(browser, OTHER)
    answers = [
        await browser.post("/session/sign-in", data=CREDENTIALS | {"email": email, "password": WRONG})
        for email in (EMAIL, OTHER)
    ]

    assert [set(cookies_set(answer)) for answer in answers] == [{"autograph_flash"}] * 2
    assert [(await flash_of(services, answer)).code for answer in answers] == ["invalid_credentials"] * 2
    assert answers[0].headers["location"] == answers[1].headers["location"]
