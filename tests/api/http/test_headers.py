"""Security headers and request ids."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from autograph_web.container import Services
from tests.support.clients.http import CREDENTIALS
from tests.support.services.app import Connect

HTTPS: dict[str, Any] = {"base_url": "https://accounts.northwind.dev"}
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# These have no effect on a file that is not a document, and a page has many files.
UNLESS_A_FILE = {
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


async def every_kind_of_answer(browser: AsyncClient) -> dict[str, Response]:
    """Collect responses of every layer."""
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
