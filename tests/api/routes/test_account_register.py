"""POST /register."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from tests.support.clients.http import CREDENTIALS, assert_problem, sign_up
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD


async def test_registering_answers_the_account(api: AsyncClient, clock: FakeClock) -> None:
    response = await api.post("/register", json=CREDENTIALS)

    assert response.status_code == 201
    body = response.json()
    assert UUID(body.pop("id"))
    assert body.pop("created_at") == clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert body == {"email": EMAIL, "role": "user", "mfa_enabled": False, "email_verified": False}


async def test_registering_sets_no_cookie_and_no_token(api: AsyncClient) -> None:
    response = await api.post("/register", json=CREDENTIALS)

    assert "set-cookie" not in response.headers
    assert "token" not in response.text


@pytest.mark.parametrize("email", [EMAIL, EMAIL.upper(), "\uff4dina@northwind.dev"])
async def test_a_second_registration_is_a_conflict(api: AsyncClient, email: str) -> None:
    await sign_up(api)
    response = await api.post("/register", json={"email": email, "password": PASSWORD})

    assert assert_problem(response, 409, "email_taken")["field"] == "email"


@pytest.mark.parametrize("email", ["", "mina", "mina@", "@northwind.dev", "a b@northwind.dev", "x" * 400])
async def test_no_address_is_no_account(api: AsyncClient, email: str) -> None:
    response = await api.post("/register", json={"email": email, "password": PASSWORD})

    assert assert_problem(response, 422, "email_invalid")["field"] == "email"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_too_short"),
        ("x7#kQ9z", "password_too_short"),
        ("password123", "password_too_common"),
        ("northwind2024", "password_too_common"),
        ("autographv3!", "password_too_common"),
        ("gravelha", "password_too_weak"),
        ("q" * 1025, "password_too_long"),
        ("\u00e9" * 513, "password_too_long"),
    ],
)
async def test_a_poor_password_is_refused_with_the_reason(api: AsyncClient, password: str, code: str) -> None:
    response = await api.post("/register", json={"email": EMAIL, "password": password})

    problem = assert_problem(response, 422, code)
    assert problem["field"] == "password"
    assert code == "password_too_long" or problem["reasons"]


@pytest.mark.parametrize("password", ["\U0001f511 gravel harbour violins", "nul\0 gravel harbour violins"])
async def test_any_character_may_be_in_a_password(api: AsyncClient, password: str) -> None:
    await sign_up(api, password=password)
    response = await api.post("/login", json={"email": EMAIL, "password": password})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": EMAIL}, "password"),
        ({"email": None, "password": PASSWORD}, "email"),
        ({"email": 7, "password": PASSWORD}, "email"),
        ({"email": EMAIL, "password": ["x"]}, "password"),
        ({**CREDENTIALS, "role": "admin"}, "role"),
        ({**CREDENTIALS, "mfa_enabled": True}, "mfa_enabled"),
        ({"email": "a" * 1025, "password": PASSWORD}, "email"),
        ([], "body"),
        ("text", "body"),
    ],
)
async def test_a_body_of_another_shape_is_refused(api: AsyncClient, body: Any, field: str) -> None:
    response = await api.post("/register", json=body)

    problem = assert_problem(response, 422, "invalid_input")
    assert problem["errors"][0]["field"] == field
    assert PASSWORD not in response.text


@pytest.mark.parametrize("settings_changes", [{"limit_register": "2/1h"}])
async def test_too_many_registrations_are_told_when_to_come_back(api: AsyncClient) -> None:
    for name in ("one", "two"):
        await sign_up(api, f"{name}@northwind.dev")
    response = await api.post("/register", json=CREDENTIALS)

    assert_problem(response, 429, "rate_limited")
    assert response.headers["retry-after"] == "3600"
