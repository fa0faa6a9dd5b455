"""POST /login and POST /token."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.clients.http import CREDENTIALS, assert_problem, bearer, but_its_id, sign_in, sign_up
from tests.support.services.app import Connect
from tests.support.services.factories import EMAIL, PASSWORD, WRONG

FORM = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}


async def test_signing_in_answers_a_token_pair(api: AsyncClient) -> None:
    await sign_up(api)
    response = await api.post("/login", json=CREDENTIALS)

    body = response.json()
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    assert "set-cookie" not in response.headers


async def test_remember_me_makes_the_session_longer(api: AsyncClient) -> None:
    await sign_up(api)
    short = (await api.get("/me", headers=bearer(await sign_in(api)))).json()["session"]
    long = (await api.get("/me", headers=bearer(await sign_in(api, remember_me=True)))).json()["session"]

    assert (short["remember_me"], long["remember_me"]) == (False, True)
    assert long["expires_at"] > short["expires_at"]


async def test_a_wrong_password_and_an_unknown_email_are_answered_alike(api: AsyncClient) -> None:
    await sign_up(api)
    wrong = await api.post("/login", json={"email": EMAIL, "password": WRONG})
    unknown = await api.post("/login", json={"email": "nobody@northwind.dev", "password": WRONG})

    assert_problem(wrong, 401, "invalid_credentials")
    assert but_its_id(wrong) == but_its_id(unknown)
    assert {k: v for k, v in wrong.headers.items() if k != "x-request-id"} == {
        k: v for k, v in unknown.headers.items() if k != "x-request-id"
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": EMAIL},
        {**CREDENTIALS, "otp": "123456"},
        {**CREDENTIALS, "remember_me": "maybe"},
        {"email": EMAIL, "password": None},
        {"email": ["x"], "password": PASSWORD},
    ],
)
async def test_a_body_of_another_shape_is_refused(api: AsyncClient, body: dict[str, Any]) -> None:
    response = await api.post("/login", json=body)

    assert_problem(response, 422, "invalid_input")
    assert PASSWORD not in response.text


@pytest.mark.parametrize("email", ["a\0b@northwind.dev", "", "x" * 1000, "' OR 1=1 --"])
async def test_an_odd_email_is_just_unknown(api: AsyncClient, email: str) -> None:
    response = await api.post("/login", json={"email": email, "password": PASSWORD})

    assert_problem(response, 401, "invalid_credentials")


@pytest.mark.parametrize("field", ["email", "password"])
async def test_a_lone_surrogate_is_refused(api: AsyncClient, field: str) -> None:
    body = b'{"email": "a@b.dev", "password": "x", "%s": "\\ud800"}' % field.encode()
    body = body.replace(b'"%s": "a@b.dev", ' % field.encode(), b"").replace(
        b'"%s": "x", ' % field.encode(), b""
    )
    response = await api.post("/login", content=body, headers={"Content-Type": "application/json"})

    assert response.status_code in (401, 422)


async def test_the_sixth_failure_is_told_when_to_come_back(api: AsyncClient) -> None:
    await sign_up(api)
    for _ in range(5):
        await api.post("/login", json={"email": EMAIL, "password": WRONG})
    response = await api.post("/login", json=CREDENTIALS)

    problem = assert_problem(response, 429, "rate_limited")
    assert response.headers["retry-after"] == "900"
    assert "900" in problem["detail"]


async def test_the_two_ways_in_share_their_limits(api: AsyncClient) -> None:
    await sign_up(api)
    for _ in range(3):
        await api.post("/login", json={"email": EMAIL, "password": WRONG})
    for _ in range(2):
        await api.post("/token", data=FORM | {"password": WRONG})

    assert_problem(await api.post("/login", json=CREDENTIALS), 429, "rate_limited")
    assert_problem(await api.post("/token", data=FORM), 429, "rate_limited")


async def test_other_addresses_are_not_held_back(connect: Connect) -> None:
    await sign_up(connect())
    for number in range(5):
        body = {"email": f"person{number}@northwind.dev", "password": WRONG}
        await connect("192.0.2.1").post("/login", json=body)

    assert (await connect("192.0.2.1").post("/login", json=CREDENTIALS)).status_code == 429
    assert (await connect("192.0.2.2").post("/login", json=CREDENTIALS)).status_code == 200


async def test_a_made_up_forwarded_address_counts_for_nothing(connect: Connect) -> None:
    for number in range(5):
        body = {"email": f"person{number}@northwind.dev", "password": WRONG}
        spoofing = connect("192.0.2.1", **{"X-Forwarded-For": f"198.51.100.{number}"})
        await spoofing.post("/login", json=body)

    response = await connect("192.0.2.1", **{"X-Forwarded-For": "198.51.100.77"}).post(
        "/login", json=CREDENTIALS
    )
    assert response.status_code == 429


@pytest.mark.parametrize("settings_changes", [{"trusted_proxy_hops": 1}])
async def test_behind_a_trusted_proxy_each_client_has_its_own_budget(connect: Connect) -> None:
    await sign_up(connect(**{"X-Forwarded-For": "198.51.100.1"}))
    for number in range(5):
        body = {"email": f"person{number}@northwind.dev", "password": WRONG}
        guessing = connect("10.0.0.1", **{"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.66"})
        await guessing.post("/login", json=body)
    blocked = connect("10.0.0.1", **{"X-Forwarded-For": "198.51.100.66"})
    free = connect("10.0.0.1", **{"X-Forwarded-For": "198.51.100.66, 198.51.100.1"})

    assert (await blocked.post("/login", json=CREDENTIALS)).status_code == 429
    assert (await free.post("/login", json=CREDENTIALS)).status_code == 200


async def test_the_password_form_answers_as_rfc_6749_says(api: AsyncClient) -> None:
    await sign_up(api)
    response = await api.post("/token", data=FORM)

    assert response.status_code == 200
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    assert set(response.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (await api.get("/me", headers=bearer(response.json()))).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"password": WRONG}, "invalid_grant"),
        ({"username": "nobody@northwind.dev"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"username": ""}, "invalid_request"),
        ({"password": ""}, "invalid_request"),
        ({"username": "x" * 2000}, "invalid_request"),
    ],
)
async def test_the_password_form_refuses_as_rfc_6749_says(
    api: AsyncClient, changes: dict[str, str], error: str
) -> None:
    await sign_up(api)
    response = await api.post("/token", data=FORM | changes)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["error"] == error
    assert response.json()["error_description"]


async def test_the_password_form_ignores_what_it_does_not_know(api: AsyncClient) -> None:
    await sign_up(api)
    response = await api.post("/token", data=FORM | {"client_id": "cli", "scope": "all"})

    assert response.status_code == 200


async def test_the_password_form_is_no_json(api: AsyncClient) -> None:
    assert_problem(await api.post("/token", json=FORM), 415, "unsupported_media_type")


@pytest.mark.parametrize("settings_changes", [{"password_grant": False}])
async def test_the_password_form_can_be_switched_off(api: AsyncClient) -> None:
    await sign_up(api)

    assert_problem(await api.post("/token", data=FORM), 404, "endpoint_disabled")
    assert (await api.post("/login", json=CREDENTIALS)).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        "\u200bmina@northwind.dev",
        "\ufeff mina@northwind.dev\u00a0",
        "Mina <mina@northwind.dev>",
        "mailto:mina@northwind.dev",
    ],
)
async def test_an_address_is_read_alike_at_every_door(
    api: AsyncClient, browser: AsyncClient, typed: str
) -> None:
    await sign_up(api)
    data = {"email": typed, "password": CREDENTIALS["password"]}
    assert (await api.post("/login", json=data)).status_code == 200
    assert_problem(await api.post("/register", json=data), 409, "email_taken")
    answer = await browser.post("/session/sign-in", data=data)
    assert answer.headers["location"] == "/dashboard"
