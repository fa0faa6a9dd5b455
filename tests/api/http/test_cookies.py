"""Our cookies: how restrictive their attributes are, and how they are found among others."""

from typing import Any

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from autograph_web.frontend import plain_page
from tests.support.clients.http import CREDENTIALS, assert_problem, cookies_set
from tests.support.services.app import Connect
from tests.support.services.factories import EMAIL, open_cookie, register

HTTPS: dict[str, Any] = {"base_url": "https://accounts.northwind.dev"}


@pytest.mark.skipif(plain_page("error.html") is None, reason="the pages are not built")
async def test_too_many_cookies_are_told_of(browser: AsyncClient, services: Services) -> None:
    await register(services)
    ours = f"autograph_session={await open_cookie(services)}"
    fits = await browser.get("/dashboard", headers={"Cookie": f"{ours}; a={'x' * 16_000}"})
    assert fits.status_code == 200
    for path in ("/dashboard", "/login"):
        full = await browser.get(path, headers={"Cookie": f"{ours}; a={'x' * 16_384}"})
        assert full.status_code == 431
        assert "16 KiB of cookies" in full.text


@pytest.mark.parametrize(
    ("referer", "cookie", "told"),
    [
        ("http://localhost:3000/login", "", True),
        ("http://localhost:3000/register?next=%2Factivity", "other=1", True),
        ("http://localhost:3000/login", "autograph_device=x", False),
        ("http://localhost:3000/", "", False),
        ("https://evil.example/login", "", False),
        ("", "", False),
    ],
)
async def test_a_browser_that_keeps_no_cookie_learns_why_it_is_not_signed_in(
    connect: Connect, referer: str, cookie: str, told: bool
) -> None:
    answer = await connect(Accept="text/html", Referer=referer, Cookie=cookie).get("/dashboard")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fdashboard" + (
        "#said-cookies_missing" if told else ""
    )


@pytest.mark.parametrize(
    "beside",
    [
        'prefs={"a":1}',
        "note=a b c",
        "flag",
        "a/b=1",
        "a[b]=1",
        "a@b=1",
        "list=[1,2]",
        "expires=1",
        'q="a\\"b"',
    ],
)
async def test_a_cookie_of_another_program_does_not_hide_ours(
    services: Services, api: AsyncClient, beside: str
) -> None:
    await register(services)
    cookie = f"autograph_session={await open_cookie(services)}"

    for header in (f"{beside}; {cookie}", f"{cookie}; {beside}"):
        assert (await api.get("/me", headers={"Cookie": header})).status_code == 200


@pytest.mark.parametrize(("settings_changes", "prefix", "secure"), [({}, "", ""), (HTTPS, "__Host-", True)])
async def test_cookies_are_as_tight_as_the_scheme_allows(
    browser: AsyncClient, services: Services, prefix: str, secure: object
) -> None:
    await register(services)
    good = cookies_set(await browser.post("/session/sign-in", data=CREDENTIALS))
    bad = cookies_set(await browser.post("/session/sign-in", data={"email": EMAIL, "password": "x"}))

    assert set(good) == {f"{prefix}autograph_session", f"{prefix}autograph_device"}
    assert set(bad) == {f"{prefix}autograph_flash"}
    for cookie in (*good.values(), *bad.values()):
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert cookie["httponly"] is True
        assert cookie["samesite"].lower() == "lax"
        assert cookie["secure"] == secure


@pytest.mark.parametrize("settings_changes", [HTTPS])
async def test_on_https_a_cookie_without_the_prefix_opens_nothing(
    browser: AsyncClient, services: Services
) -> None:
    await register(services)
    cookie = await open_cookie(services)

    plain = await browser.get("/me", headers={"Cookie": f"autograph_session={cookie}", "Accept": "*/*"})
    assert_problem(plain, 401, "not_authenticated")
    tied = await browser.get("/me", headers={"Cookie": f"__Host-autograph_session={cookie}"})
    assert tied.status_code == 200
