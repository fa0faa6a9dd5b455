"""Who is served which page, how it is cached, and the guard in front of protected ones."""

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from tests.support.clients.http import cookies_set
from tests.support.services.factories import open_cookie, register


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/dashboard", "%2Fdashboard"),
        ("/dashboard/", "%2Fdashboard%2F"),
        ("/dashboard?tab=1&x=%2F", "%2Fdashboard%3Ftab%3D1%26x%3D%252F"),
    ],
)
async def test_a_protected_page_leads_to_the_sign_in(browser: AsyncClient, path: str, target: str) -> None:
    response = await browser.get(path)

    assert response.status_code == 303
    assert response.headers["location"] == f"/login?next={target}"
    assert "set-cookie" not in response.headers


async def test_a_protected_page_is_served_to_who_is_signed_in(
    browser: AsyncClient, services: Services
) -> None:
    await register(services)
    headers = {"Cookie": f"autograph_session={await open_cookie(services)}"}
    response = await browser.get("/dashboard", headers=headers)

    assert (response.status_code, response.text) == (200, "page /dashboard.html")
    assert response.headers["cache-control"] == "no-store"


async def test_after_the_session_ended_the_cookie_is_taken_back(
    browser: AsyncClient, services: Services
) -> None:
    await register(services)
    cookie = await open_cookie(services)
    headers = {"Cookie": f"autograph_session={cookie}"}
    await browser.post("/logout-all", headers=headers)
    response = await browser.get("/dashboard", headers=headers)

    assert response.headers["location"] == "/login?next=%2Fdashboard"
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    assert flash.code == "logout_all"
    assert cookies_set(response)["autograph_session"]["max-age"] == "0"


@pytest.mark.parametrize(
    "path",
    ["/dashboard.html", "//dashboard", "/dashboard//", "/./dashboard", "/x/../dashboard.html",
     "/dashboard/index.html", "/dashboard.html/", "/dashboard.html.gz", "/dashboard/../dashboard"],
)  # fmt: skip
async def test_no_other_spelling_gets_a_protected_page(browser: AsyncClient, path: str) -> None:
    response = await browser.get(f"http://localhost:3000{path}")

    assert response.status_code in (303, 404)


@pytest.mark.parametrize("path", ["/", "/login", "/login/", "/register", "/error"])
async def test_a_public_page_is_served_in_place(browser: AsyncClient, path: str) -> None:
    response = await browser.get(path)

    assert response.status_code == 200
    assert response.text == f"page /{path.strip('/') or 'index'}.html"
    assert response.headers["cache-control"] == "private, no-cache"


async def test_a_page_gives_a_browser_its_secret_once(browser: AsyncClient) -> None:
    first = await browser.get("/login")
    [(name, cookie)] = cookies_set(first).items()
    assert (name, len(cookie.value)) == ("autograph_browser", 43)
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        "/",
        True,
        "lax",
        "",
    )

    again = await browser.get("/register", headers={"Cookie": f"{name}={cookie.value}"})
    assert "set-cookie" not in again.headers
    assert again.headers["cache-control"] == "no-cache"

    for wrong in ("", "short", "x" * 44, "x" * 42 + "!"):
        browser.cookies.clear()
        other = await browser.get("/login", headers={"Cookie": f"{name}={wrong}"})
        assert cookies_set(other)[name].value not in ("", cookie.value)


@pytest.mark.parametrize("path", ["/ui.css", "/nothing.js"])
async def test_no_file_and_no_refusal_gives_a_cookie(browser: AsyncClient, path: str) -> None:
    assert "set-cookie" not in (await browser.get(path)).headers
