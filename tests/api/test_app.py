"""What all calls have in common: methods, unknown addresses, internal errors."""

import pytest
from httpx import AsyncClient

from tests.support.clients.http import CREDENTIALS, assert_problem, sign_up
from tests.support.product.errors import all_errors
from tests.support.services.factories import EMAIL, PASSWORD

METHODS = {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
CALLS = {
    "/register": {"GET", "HEAD", "POST"},
    "/login": {"GET", "HEAD", "POST"},
    "/token": {"POST"},
    "/refresh": {"POST"},
    "/logout": {"POST"},
    "/logout-all": {"POST"},
    "/sessions": {"GET", "DELETE"},
    "/me": {"GET"},
    "/health/live": {"GET", "HEAD"},
    "/health/ready": {"GET", "HEAD"},
    "/session/end": {"POST"},
}


@pytest.mark.parametrize(
    ("path", "method"),
    [(path, method) for path, allowed in CALLS.items() for method in sorted(METHODS - allowed)],
)
async def test_another_method_is_refused_with_the_ones_allowed(
    browser: AsyncClient, path: str, method: str
) -> None:
    response = await browser.request(method, path, headers={"Sec-Fetch-Mode": "cors"})

    assert response.status_code == 405
    assert {name.strip() for name in response.headers["allow"].split(",")} == CALLS[path]
    if method != "HEAD":
        assert_problem(response, 405, "method_not_allowed")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/nowhere", "/me/", "/ME", "/login/extra", "/api/me", "/health"])
async def test_an_unknown_address_is_not_found(api: AsyncClient, path: str, method: str) -> None:
    assert_problem(await api.request(method, path), 404, "not_found")


@pytest.mark.parametrize("path", ["//me", "/./me", "/me%00", "/me;x=1"])
async def test_no_other_spelling_reaches_a_call(api: AsyncClient, path: str) -> None:
    response = await api.get(f"http://localhost:3000{path}")

    assert response.status_code in (401, 404)
    assert "email" not in response.text


async def test_a_person_meets_a_fault_of_ours_as_a_page_without_details(browser: AsyncClient) -> None:
    response = await browser.get("/broken")

    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["cache-control"] == "no-store"
    assert "<h1" in response.text
    assert "Broken" not in response.text
    assert "Traceback" not in response.text


async def test_every_sentence_of_a_refusal_is_the_one_of_its_code(api: AsyncClient) -> None:
    await sign_up(api)
    refusals = [
        await api.post("/register", json=CREDENTIALS),
        await api.post("/login", json={"email": EMAIL, "password": PASSWORD + "x"}),
        await api.get("/nowhere"),
        await api.get("/me"),
    ]

    for refusal in refusals:
        problem = refusal.json()
        assert problem["detail"].startswith(all_errors()[problem["code"]]().detail)
