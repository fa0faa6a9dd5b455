"""The address of an account over REST."""

from typing import Any

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from tests.support.clients.http import assert_problem, bearer, code_left, cookies_set, sign_in, sign_up
from tests.support.mail.links import token_to
from tests.support.mail.mailbox import Mailbox
from tests.support.services.api_keys import make_key
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD

NEW = "mina@elsewhere.dev"
REQUIRED = pytest.mark.parametrize("settings_changes", [{"email_verification": "required"}])
PUBLIC = ("/email-verification/confirm", "/email-change/confirm", "/email-change/undo")


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """The default settings of an operator."""
    return {"email_verification": "banner"}


async def test_the_token_of_the_letter_verifies(
    api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any]
) -> None:
    assert tokens
    body = {"token": token_to(mailbox, EMAIL, "/verify-email")}
    response = await api.post("/email-verification/confirm", json=body)

    assert (response.status_code, response.json()["email_verified"]) == (200, True)
    assert_problem(await api.post("/email-verification/confirm", json=body), 400, "link_used")


async def test_verifying_without_evidence_ends_what_was_set_up_and_says_so(
    api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any]
) -> None:
    body = {"token": token_to(mailbox, EMAIL, "/verify-email")}
    await make_key(api, bearer(tokens))
    answer = (await api.post("/email-verification/confirm", json=body)).json()

    assert answer["removed"] == {
        "sessions": 1,
        "authenticator_set_up_at": None,
        "recovery_codes": 0,
        "trusted_devices": 0,
        "api_keys": 1,
        "password": True,
    }
    assert_problem(await api.get("/me", headers=bearer(tokens)), 401, "session_ended")
    assert_problem(
        await api.post("/login", json={"email": EMAIL, "password": PASSWORD}), 401, "invalid_credentials"
    )
    reset = {"token": answer["password_reset_token"], "new_password": "basalt teapot nineteen lanterns"}
    assert (await api.post("/password-reset/confirm", json=reset)).status_code == 200
    assert await sign_in(api, password=reset["new_password"])


@pytest.mark.parametrize("evidence", ["token", "password"])
async def test_verifying_with_evidence_ends_nothing(
    api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any], evidence: str
) -> None:
    body = {"token": token_to(mailbox, EMAIL, "/verify-email")}
    wrong = body | {"password": "gravel harbour thirteen violas"}
    assert_problem(await api.post("/email-verification/confirm", json=wrong), 403, "wrong_password")
    not_good = {"Authorization": "Bearer nonsense"}
    refused = await api.post("/email-verification/confirm", json=body, headers=not_good)
    assert_problem(refused, 401, "invalid_token")
    headers = bearer(tokens) if evidence == "token" else {}
    shown = body | ({"password": PASSWORD} if evidence == "password" else {})
    answer = (await api.post("/email-verification/confirm", json=shown, headers=headers)).json()

    assert (answer["email_verified"], answer["removed"], answer["password_reset_token"]) == (True, None, None)
    assert (await api.get("/me", headers=bearer(tokens))).status_code == 200


async def test_another_link_can_be_asked_for_once_a_minute(
    api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any], clock: FakeClock
) -> None:
    first = await api.post("/email-verification/request", headers=bearer(tokens))
    assert first.json() == {"message": "We've sent a link. It works once and expires in 24 hours."}
    again = await api.post("/email-verification/request", headers=bearer(tokens))
    assert_problem(again, 429, "rate_limited")
    clock.advance(60)
    body = {"token": token_to(mailbox, EMAIL, "/verify-email")}
    await api.post("/email-verification/confirm", json=body, headers=bearer(tokens))
    third = await api.post("/email-verification/request", headers=bearer(tokens))
    assert third.json() == {"message": "Your email is already verified."}


@REQUIRED
async def test_where_it_is_required_the_right_password_is_told_so(
    api: AsyncClient, connect: Connect, mailbox: Mailbox, services: Services
) -> None:
    await sign_up(api)
    credentials = {"email": EMAIL, "password": PASSWORD}
    assert_problem(await api.post("/login", json=credentials), 403, "email_not_verified")
    form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
    granted = await api.post("/token", data=form)
    assert (granted.status_code, granted.json()["error"]) == (400, "invalid_grant")
    wrong = credentials | {"password": "gravel harbour thirteen violas"}
    assert_problem(await api.post("/login", json=wrong), 401, "invalid_credentials")
    browser = connect("192.0.2.4", origin=services.settings.base_url)
    refused = await browser.post("/session/sign-in", data=credentials)
    assert await code_left(services, refused) == "email_not_verified"
    assert "autograph_session" not in cookies_set(refused)

    body = {"token": token_to(mailbox, EMAIL, "/verify-email"), "password": PASSWORD}
    assert (await api.post("/email-verification/confirm", json=body)).status_code == 200
    assert (await api.post("/login", json=credentials)).status_code == 200


async def test_changing_and_taking_back(api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any]) -> None:
    asked = await api.post("/email-change/request", json={"email": NEW}, headers=bearer(tokens))
    assert asked.json() == {"message": f"We've sent a link to {NEW}. It works once and expires in 24 hours."}
    body = {"token": token_to(mailbox, NEW, "/change-email")}
    changed = await api.post("/email-change/confirm", json=body)
    assert (changed.status_code, changed.json()["email"]) == (200, NEW)
    assert (await api.get("/me", headers=bearer(tokens))).json()["email"] == NEW

    back = {"token": token_to(mailbox, EMAIL, "/undo-email-change")}
    undone = await api.post("/email-change/undo", json=back)
    assert undone.status_code == 200
    assert undone.headers["cache-control"] == "no-store"
    assert undone.json()["removed"]["sessions"] == 1
    assert (await api.get("/me", headers=bearer(tokens))).status_code == 401
    reset = {
        "token": undone.json()["password_reset_token"],
        "new_password": "basalt teapot nineteen lanterns",
    }
    assert (await api.post("/password-reset/confirm", json=reset)).status_code == 200
    assert_problem(await api.post("/email-change/undo", json=back), 400, "link_used")


async def test_a_taken_address_is_answered_like_a_free_one(
    api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any]
) -> None:
    await sign_up(api, "theo@northwind.dev")
    answers = [
        await api.post("/email-change/request", json={"email": email}, headers=bearer(tokens))
        for email in ("noor@northwind.dev", "theo@northwind.dev")
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text.replace("noor", "theo") == answers[1].text
    free, taken = ([name for name in answer.headers if name != "x-request-id"] for answer in answers)
    assert free == taken
    assert "Someone tried to use your email" in [letter.subject for letter in mailbox.letters]


async def test_an_address_taken_meanwhile_is_refused(
    api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any]
) -> None:
    await api.post("/email-change/request", json={"email": NEW}, headers=bearer(tokens))
    token = token_to(mailbox, NEW, "/change-email")
    await sign_up(api, NEW)

    response = await api.post("/email-change/confirm", json={"token": token})
    assert assert_problem(response, 409, "email_taken")["field"] == "email"


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("", "email_invalid"),
        ("mina@elsewhere.dev\r\nBcc: x@y.dev", "email_invalid"),
        ("x" * 1025, "invalid_input"),
        (7, "invalid_input"),
        (EMAIL.upper(), "email_unchanged"),
    ],
)
async def test_what_is_no_other_address_is_refused(
    api: AsyncClient, tokens: dict[str, Any], email: Any, code: str
) -> None:
    response = await api.post("/email-change/request", json={"email": email}, headers=bearer(tokens))

    assert assert_problem(response, 422, code)["field"] == "email"


async def test_an_old_sign_in_is_not_enough(
    api: AsyncClient, clock: FakeClock, tokens: dict[str, Any]
) -> None:
    clock.advance(601)
    response = await api.post("/email-change/request", json={"email": NEW}, headers=bearer(tokens))
    assert_problem(response, 403, "reauthentication_required")


@pytest.mark.parametrize("path", ["/email-verification/request", "/email-change/request"])
async def test_authentication_is_required(api: AsyncClient, path: str) -> None:
    body = {"email": NEW} if "change" in path else None
    assert_problem(await api.post(path, json=body), 401, "not_authenticated")


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"token": "A" * 43}, 400, "link_unknown"),
        ({"token": ""}, 400, "link_unknown"),
        ({"token": "x" * 2049}, 422, "invalid_input"),
        ({"token": ["x"]}, 422, "invalid_input"),
        ({}, 422, "invalid_input"),
    ],
)
async def test_what_is_no_token_is_refused(
    api: AsyncClient, path: str, body: Any, status: int, code: str
) -> None:
    response = await api.post(path, json=body)
    assert_problem(response, status, code)
    assert "A" * 43 not in response.text
