"""Security headers, cookie attributes, request ids, and the guard in front of protected pages."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from autograph_web.runtime import Services
from autograph_web.sessions.store import SESSIONS
from tests.support.app import Connect
from tests.support.factories import EMAIL, PASSWORD, open_cookie, register, rows
from tests.support.http import assert_problem, cookies_set

CREDENTIALS = {"email": EMAIL, "password": PASSWORD}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HTTPS: dict[str, Any] = {"base_url": "https://accounts.northwind.dev"}
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# A file that is no document heeds none of these, and a page has many files.
UNLESS_A_FILE = {
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


async def every_kind_of_answer(browser: AsyncClient) -> dict[str, Response]:
    """Collect answers of every layer."""
    oversized = b"x" * 65_537
    return {
        "200 page": await browser.get("/login"),
        "200 file": await browser.get("/ui.css"),
        "200 call": await browser.get("/health/live"),
        "200 docs": await browser.get("/docs"),
        "200 openapi": await browser.get("/openapi.json"),
        "303 guard": await browser.get("/dashboard"),
        "303 form": await browser.post("/session/sign-in", data=CREDENTIALS),
        "401 quick": await browser.get("/me"),
        "401 call": await browser.post("/logout"),
        "403 origin": await browser.post("/logout", headers={"Origin": "https://evil.example"}),
        "404": await browser.get("/nowhere", headers={"Accept": "application/json"}),
        "405": await browser.put("/login"),
        "413": await browser.post("/login", content=oversized),
        "415": await browser.post("/login", content=b"{}", headers={"Content-Type": "text/plain"}),
        "422": await browser.post("/login", json={}),
        "500": await browser.get("/broken"),
    }


@pytest.mark.parametrize("settings_changes", [{}, HTTPS])
async def test_every_answer_carries_the_security_headers(browser: AsyncClient) -> None:
    for name, response in (await every_kind_of_answer(browser)).items():
        assert str(response.status_code) == name[:3], name
        assert {key: response.headers.get(key) for key in EVERYWHERE} == EVERYWHERE, name
        found = {key: response.headers[key] for key in UNLESS_A_FILE if key in response.headers}
        assert found == ({} if name == "200 file" else UNLESS_A_FILE), name
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"], name
        assert UUID(response.headers["x-request-id"]), name
        assert "server" not in response.headers, name


@pytest.mark.parametrize(("settings_changes", "expected"), [({}, False), (HTTPS, True)])
async def test_https_is_demanded_where_it_is_served(browser: AsyncClient, expected: bool) -> None:
    for name, response in (await every_kind_of_answer(browser)).items():
        assert ("strict-transport-security" in response.headers) is expected, name


async def test_no_policy_allows_inline_or_evaluated_scripts(browser: AsyncClient) -> None:
    for name, response in (await every_kind_of_answer(browser)).items():
        policy = response.headers["content-security-policy"]
        assert "unsafe" not in policy, name
        assert "default-src 'none'" in policy, name
        assert "*" not in policy, name


async def test_answers_to_calls_are_never_kept(browser: AsyncClient) -> None:
    kept = {"200 page", "200 file", "200 docs"}
    for name, response in (await every_kind_of_answer(browser)).items():
        if name not in kept:
            assert response.headers["cache-control"] == "no-store", name


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


async def test_a_request_id_is_new_each_time(api: AsyncClient) -> None:
    first, second = await api.get("/health/live"), await api.get("/health/live")

    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize(("settings_changes", "kept"), [({}, False), ({"trusted_proxy_hops": 1}, True)])
async def test_a_request_id_is_kept_if_a_proxy_we_trust_can_have_chosen_it(
    api: AsyncClient, kept: bool
) -> None:
    offered = "5f0c1c3e-7a0b-4f6e-9f57-0a1b2c3d4e5f"
    response = await api.get("/health/live", headers={"X-Request-ID": offered})

    assert (response.headers["x-request-id"] == offered) is kept


@pytest.mark.parametrize("settings_changes", [{"trusted_proxy_hops": 1}])
@pytest.mark.parametrize("offered", ["", "x", "1; drop", "a" * 5000])
async def test_a_request_id_that_is_none_is_replaced(api: AsyncClient, offered: str) -> None:
    response = await api.get("/health/live", headers={"X-Request-ID": offered})

    assert UUID(response.headers["x-request-id"])
    assert response.headers["x-request-id"] != offered


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


async def test_the_address_of_a_sign_in_is_the_clients(connect: Connect, services: Services) -> None:
    await register(services)
    client = connect("2001:db8::9", **{"X-Forwarded-For": "198.51.100.1"})
    await client.post("/login", json=CREDENTIALS)

    assert (await rows(services, SESSIONS))[0].ip == "2001:db8::9"


@pytest.mark.parametrize("settings_changes", [HTTPS | {"allowed_origins": ("https://app.northwind.dev",)}])
async def test_a_page_of_an_allowed_origin_may_read_every_header_it_needs(
    connect: Connect, services: Services
) -> None:
    app = connect(origin="https://app.northwind.dev")
    for answer in (await app.post("/login", json={}), await app.get("/me"), await app.get("/nowhere.json")):
        exposed = set(answer.headers["access-control-expose-headers"].lower().split(", "))
        assert exposed >= {"retry-after", "x-request-id", "link", "www-authenticate", "x-total-events"}
        needed = set(answer.headers) & {"retry-after", "x-request-id", "link", "www-authenticate", "allow"}
        assert needed <= exposed
    for stranger in (connect(origin="https://evil.example"), connect()):
        assert "access-control-expose-headers" not in (await stranger.get("/me")).headers
