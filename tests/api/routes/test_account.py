"""GET /account/export and DELETE /account."""

import json
from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.clients.http import assert_problem, bearer, cookies_set, sign_up
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD

DOWNLOADS = ("/account/export", "/activity/export", "/admin/audit/export")
CONFIRMED = {"confirm_email": EMAIL}


@pytest.mark.parametrize("path", DOWNLOADS)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_no_other_site_uses_up_a_download(browser: AsyncClient, path: str, site: str) -> None:
    await sign_up(browser)
    form = {"email": EMAIL, "password": PASSWORD}
    assert (await browser.post("/session/sign-in", data=form)).status_code == 303
    del browser.headers["Origin"]
    led_here = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Accept": "application/json"}
    for _ in range(20):
        assert_problem(await browser.get(path, headers=led_here), 403, "origin_refused")

    expected = 403 if path.startswith("/admin") else 200  # this user is not an administrator
    for site_of_ours in ("same-origin", "none"):
        answer = await browser.get(
            path, headers={"Sec-Fetch-Site": site_of_ours, "Accept": "application/json"}
        )
        assert answer.status_code == expected
        assert expected == 200 or answer.json()["code"] != "origin_refused"


async def delete(client: AsyncClient, body: Any, headers: dict[str, str] | None = None) -> Any:
    return await client.request("DELETE", "/account", json=body, headers=headers)


async def test_an_export_is_a_file_that_nobody_keeps_on_the_way(
    api: AsyncClient, tokens: dict[str, Any]
) -> None:
    response = await api.get("/account/export", headers=bearer(tokens))

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-disposition"] == 'attachment; filename="autograph-account.json"'
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert json.loads(response.text)["account"]["email"] == EMAIL


async def test_a_link_on_our_page_downloads_it_with_the_cookie(browser: AsyncClient, cookie: str) -> None:
    assert cookie
    assert (await browser.get("/account/export")).json()["account"]["email"] == EMAIL


async def test_exporting_requires_authentication(api: AsyncClient) -> None:
    assert_problem(await api.get("/account/export"), 401, "not_authenticated")


async def test_deleting_ends_everything(api: AsyncClient, tokens: dict[str, Any]) -> None:
    response = await delete(api, CONFIRMED, bearer(tokens))

    assert (response.status_code, response.json()) == (200, {"message": "Your account was deleted."})
    assert (await api.get("/me", headers=bearer(tokens))).status_code == 401
    refused = await api.post("/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert refused.status_code == 401
    assert_problem(
        await api.post("/login", json={"email": EMAIL, "password": PASSWORD}), 401, "invalid_credentials"
    )
    await sign_up(api)


async def test_behind_a_cookie_it_takes_the_cookie_back(browser: AsyncClient, cookie: str) -> None:
    response = await delete(browser, CONFIRMED)

    assert cookie
    assert response.status_code == 200
    assert cookies_set(response)["autograph_session"]["max-age"] == "0"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"confirm_email": "theo@northwind.dev"}, "email_mismatch", "confirm_email"),
        ({"confirm_email": ""}, "email_mismatch", "confirm_email"),
        ({"confirm_email": "x" * 1025}, "invalid_input", "confirm_email"),
        ({"confirm_email": None}, "invalid_input", "confirm_email"),
        ({}, "invalid_input", "confirm_email"),
        (CONFIRMED | {"force": True}, "invalid_input", "force"),
    ],
)
async def test_anything_but_the_own_address_deletes_nothing(
    api: AsyncClient, tokens: dict[str, Any], body: Any, code: str, field: str
) -> None:
    assert assert_problem(await delete(api, body, bearer(tokens)), 422, code)["field"] == field
    assert (await api.get("/me", headers=bearer(tokens))).status_code == 200


async def test_an_old_sign_in_is_not_enough(
    api: AsyncClient, clock: FakeClock, tokens: dict[str, Any]
) -> None:
    clock.advance(601)
    assert_problem(await delete(api, CONFIRMED, bearer(tokens)), 403, "reauthentication_required")


async def test_deleting_requires_authentication(api: AsyncClient) -> None:
    assert_problem(await delete(api, CONFIRMED), 401, "not_authenticated")


async def test_another_site_deletes_nothing(connect: Connect, browser: AsyncClient, cookie: str) -> None:
    for client in (connect(), connect(origin="https://evil.example")):
        client.cookies.set("autograph_session", cookie)
        assert_problem(await delete(client, CONFIRMED), 403, "origin_refused")
        assert_problem(await client.post("/session/delete-account", data=CONFIRMED), 403, "origin_refused")
    assert (await browser.get("/me")).status_code == 200
