"""What monitors and overfull browsers get."""

import pytest
from httpx import AsyncClient

from autograph_web.frontend import plain_page
from autograph_web.runtime import Services
from tests.support.app import Connect
from tests.support.factories import open_cookie, register


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_a_probe_may_ask_for_the_head_alone(api: AsyncClient, path: str) -> None:
    whole, head = await api.get(path), await api.head(path)

    assert (head.status_code, head.headers["content-type"]) == (200, whole.headers["content-type"])


async def test_the_head_of_the_figures_is_for_operators_as_well(connect: Connect) -> None:
    here = connect("127.0.0.1", Host="localhost:3000")
    assert (await here.head("/metrics")).status_code == 200
    assert (await connect().head("/metrics")).status_code == 404


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
