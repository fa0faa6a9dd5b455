"""POST /password-change."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.clients.http import assert_problem, bearer, cookies_set, sign_in
from tests.support.services.app import Connect
from tests.support.services.factories import EMAIL, PASSWORD, WRONG

NEW = "basalt teapot nineteen lanterns"
WISH = {"current_password": PASSWORD, "new_password": NEW}
NEW_CREDENTIALS = {"email": EMAIL, "password": NEW}


async def test_a_client_gets_a_new_pair_and_every_other_is_dead(
    api: AsyncClient, tokens: dict[str, Any]
) -> None:
    other = await sign_in(api)
    response = await api.post("/password-change", json=WISH, headers=bearer(tokens))

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert set(response.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    for dead in (tokens, other):
        assert (await api.get("/me", headers=bearer(dead))).status_code == 401
        assert (await api.post("/refresh", json={"refresh_token": dead["refresh_token"]})).status_code == 401
    assert (await api.get("/me", headers=bearer(response.json()))).json()["email"] == EMAIL
    assert_problem(await api.post("/login", json=WISH_OF_OLD), 401, "invalid_credentials")
    assert (await api.post("/login", json=NEW_CREDENTIALS)).status_code == 200


WISH_OF_OLD = {"email": EMAIL, "password": PASSWORD}


async def test_others_may_stay(api: AsyncClient, tokens: dict[str, Any]) -> None:
    other = await sign_in(api)
    data = WISH | {"end_other_sessions": False}
    response = await api.post("/password-change", json=data, headers=bearer(tokens))

    assert response.status_code == 200
    assert (await api.get("/me", headers=bearer(other))).status_code == 200
    assert (await api.get("/me", headers=bearer(tokens))).status_code == 401


async def test_behind_a_cookie_the_answer_sets_a_new_one(browser: AsyncClient, cookie: str) -> None:
    response = await browser.post("/password-change", json=WISH)

    assert response.json() == {"message": "Your password was changed."}
    renewed = cookies_set(response)["autograph_session"]
    assert renewed.value != cookie
    assert renewed["httponly"]
    assert renewed["samesite"] == "lax"
    assert (await browser.get("/me")).status_code == 200
    browser.cookies.set("autograph_session", cookie)
    script = {"Cookie": f"autograph_session={cookie}", "Sec-Fetch-Mode": "cors"}
    assert_problem(await browser.get("/me", headers=script), 401, "session_ended")


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"current_password": WRONG}, 403, "wrong_password", "current_password"),
        ({"new_password": "short"}, 422, "password_too_short", "new_password"),
        ({"new_password": "password1234"}, 422, "password_too_common", "new_password"),
        ({"new_password": PASSWORD}, 422, "password_unchanged", "new_password"),
        ({"new_password": 7}, 422, "invalid_input", "new_password"),
        ({"end_other_sessions": []}, 422, "invalid_input", "end_other_sessions"),
        ({"email": "x"}, 422, "invalid_input", "email"),
    ],
)
async def test_refusals_name_their_field(
    api: AsyncClient, tokens: dict[str, Any], change: dict[str, Any], status: int, code: str, field: str
) -> None:
    response = await api.post("/password-change", json=WISH | change, headers=bearer(tokens))

    assert assert_problem(response, status, code)["field"] == field
    assert PASSWORD not in response.text
    assert (await api.get("/me", headers=bearer(tokens))).status_code == 200


async def test_too_many_wrong_ones_have_to_wait(api: AsyncClient, tokens: dict[str, Any]) -> None:
    wrong = WISH | {"current_password": WRONG}
    for _ in range(5):
        await api.post("/password-change", json=wrong, headers=bearer(tokens))

    assert_problem(await api.post("/password-change", json=WISH, headers=bearer(tokens)), 429, "rate_limited")


async def test_authentication_is_required(api: AsyncClient) -> None:
    assert_problem(await api.post("/password-change", json=WISH), 401, "not_authenticated")


async def test_another_site_changes_nothing(connect: Connect, browser: AsyncClient, cookie: str) -> None:
    for client in (connect(), connect(origin="https://evil.example")):
        client.cookies.set("autograph_session", cookie)
        assert_problem(await client.post("/password-change", json=WISH), 403, "origin_refused")
        assert_problem(await client.post("/session/password-change", data=WISH), 403, "origin_refused")
    assert (await browser.get("/me")).status_code == 200
