"""The address of an account over REST and by the native forms."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient, Response

from autograph_web.runtime import Services
from tests.support.api_keys import make_key
from tests.support.app import Connect
from tests.support.clock import FakeClock
from tests.support.factories import EMAIL, PASSWORD, audited, context
from tests.support.http import assert_problem, bearer, cookies_set, sign_in, sign_up
from tests.support.links import token_to
from tests.support.mailbox import Mailbox

NEW = "mina@elsewhere.dev"
REQUIRED = pytest.mark.parametrize("settings_changes", [{"email_verification": "required"}])
PUBLIC = ("/email-verification/confirm", "/email-change/confirm", "/email-change/undo")


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """What an operator gets who chooses nothing."""
    return {"email_verification": "banner"}


async def code_left(services: Services, response: Response) -> str:
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    return flash.code


async def open_link(browser: AsyncClient, purpose: str, token: str) -> Response:
    return await browser.post("/link/exchange", data={"purpose": purpose, "token": token})


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


async def test_the_native_form_without_a_session_leads_to_a_new_password(
    connect: Connect, mailbox: Mailbox, services: Services, api: AsyncClient, tokens: dict[str, Any]
) -> None:
    token = token_to(mailbox, EMAIL, "/verify-email")
    await make_key(api, bearer(tokens))
    browser = connect("192.0.2.9", origin=services.settings.base_url)
    await open_link(browser, "email_verification", token)
    wrong = await browser.post("/session/verify-email", data={"password": "gravel harbour thirteen violas"})
    assert (wrong.headers["location"], await code_left(services, wrong)) == (
        "/verify-email",
        "wrong_password",
    )
    response = await browser.post("/session/verify-email", data={"password": ""})

    assert response.headers["location"] == "/password-reset/confirm"
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    assert (flash.code, flash.values) == ("email_reclaimed", {"removed": "1 API key, the password"})
    chosen = await browser.post("/recovery/password", data={"password": "basalt teapot nineteen lanterns"})
    assert chosen.headers["location"] == "/login"
    credentials = {"email": EMAIL, "password": "basalt teapot nineteen lanterns"}
    assert (await browser.post("/login", json=credentials)).status_code == 200


async def test_the_native_form_takes_the_password_as_evidence(
    connect: Connect, mailbox: Mailbox, services: Services, cookie: str
) -> None:
    phone = connect("192.0.2.9", origin=services.settings.base_url)
    await open_link(phone, "email_verification", token_to(mailbox, EMAIL, "/verify-email"))
    response = await phone.post("/session/verify-email", data={"password": PASSWORD})

    assert await code_left(services, response) == "email_verified"
    assert await services.sessions.authenticate_cookie(cookie)


async def test_another_link_can_be_asked_for_once_a_minute(
    api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any], clock: FakeClock
) -> None:
    first = await api.post("/email-verification/request", headers=bearer(tokens))
    assert first.json() == {"message": "A link is on its way. It works for 24 hours."}
    again = await api.post("/email-verification/request", headers=bearer(tokens))
    assert_problem(again, 429, "rate_limited")
    clock.advance(60)
    body = {"token": token_to(mailbox, EMAIL, "/verify-email")}
    await api.post("/email-verification/confirm", json=body, headers=bearer(tokens))
    third = await api.post("/email-verification/request", headers=bearer(tokens))
    assert third.json() == {"message": "Your email is confirmed already."}


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


@REQUIRED
async def test_where_it_is_required_registering_leads_to_the_letter(
    browser: AsyncClient, services: Services
) -> None:
    response = await browser.post("/session/register", data={"email": EMAIL, "password": PASSWORD})

    assert (response.status_code, response.headers["location"]) == (303, "/verify-email")
    assert "autograph_session" not in cookies_set(response)
    assert await code_left(services, response) == "verification_sent"


async def test_changing_and_taking_back(api: AsyncClient, mailbox: Mailbox, tokens: dict[str, Any]) -> None:
    asked = await api.post("/email-change/request", json={"email": NEW}, headers=bearer(tokens))
    assert asked.json() == {"message": f"A link is on its way to {NEW}. It works for 24 hours."}
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
    assert "Somebody wanted to use your email" in [letter.subject for letter in mailbox.letters]


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
async def test_nobody_is_nobody(api: AsyncClient, path: str) -> None:
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


async def test_the_native_form_verifies_by_the_link_of_the_cookie(
    browser: AsyncClient, mailbox: Mailbox, services: Services, cookie: str
) -> None:
    assert cookie
    await open_link(browser, "email_verification", token_to(mailbox, EMAIL, "/verify-email"))
    response = await browser.post("/session/verify-email", data={"go": "on"})

    assert response.headers["location"] == "/verify-email"
    assert cookies_set(response)["autograph_link_email_verification"]["max-age"] == "0"
    assert await code_left(services, response) == "email_verified"
    again = await browser.post("/session/verify-email", data={"go": "on"})
    assert again.headers["location"] == "/verify-email"
    assert await code_left(services, again) == "link_unknown"


async def test_pressing_twice_verifies_for_both(
    connect: Connect, mailbox: Mailbox, services: Services, cookie: str
) -> None:
    assert cookie
    token = token_to(mailbox, EMAIL, "/verify-email")
    tabs = [connect(origin=services.settings.base_url) for _ in range(5)]
    for tab in tabs:
        await open_link(tab, "email_verification", token)
    answers = await asyncio.gather(*(tab.post("/session/verify-email", data={"go": "on"}) for tab in tabs))

    said = [await code_left(services, answer) for answer in answers]
    assert sorted(said) == ["email_reclaimed", *["email_verified"] * 4]
    assert len(await audited(services, "email_verified")) == 1


async def test_whoever_opens_a_link_that_verified_is_told_so(
    connect: Connect, mailbox: Mailbox, services: Services, clock: FakeClock, cookie: str
) -> None:
    assert cookie
    first = token_to(mailbox, EMAIL, "/verify-email")
    clock.advance(60)
    await services.verification.request(context(), EMAIL)
    second = token_to(mailbox, EMAIL, "/verify-email")
    opener = connect(origin=services.settings.base_url)
    replaced = await open_link(opener, "email_verification", first)
    assert await code_left(services, replaced) == "link_replaced"
    await services.first_proof.confirm(context(), second)
    clock.advance(2 * 86_400)
    for token in (second, first):
        answer = await open_link(opener, "email_verification", token)
        assert answer.headers["location"] == "/verify-email"
        assert await code_left(services, answer) == "email_verification_done"
        assert "autograph_link_email_verification" not in opener.cookies


async def test_the_native_form_sends_a_new_link_to_anybody(
    connect: Connect, services: Services, mailbox: Mailbox, cookie: str
) -> None:
    assert cookie
    stranger = connect("192.0.2.5", origin=services.settings.base_url)
    said: list[str] = []
    for email in (EMAIL, "nobody@northwind.dev"):
        response = await stranger.post("/session/verify-email/send", data={"email": email})
        assert response.headers["location"] == "/verify-email"
        said.append(await code_left(services, response))
    assert said == ["verification_sent"] * 2
    assert [letter.to for letter in mailbox.letters] == [EMAIL] * 2  # the first is the registration's


async def test_the_native_forms_change_and_take_back(
    browser: AsyncClient, mailbox: Mailbox, services: Services, cookie: str
) -> None:
    assert cookie
    asked = await browser.post("/session/change-email", data={"email": NEW})
    assert asked.headers["location"] == "/settings/account"
    assert await code_left(services, asked) == "email_change_sent"
    opened = await open_link(browser, "email_change", token_to(mailbox, NEW, "/change-email"))
    assert opened.headers["location"] == "/change-email"
    changed = await browser.post("/session/change-email/confirm", data={"go": "on"})
    assert changed.headers["location"] == "/settings/account"
    assert (await browser.get("/me")).json()["email"] == NEW

    token = token_to(mailbox, EMAIL, "/undo-email-change")
    assert (await open_link(browser, "email_change_undo", token)).headers["location"] == "/undo-email-change"
    undone = await browser.post("/session/change-email/undo", data={"go": "on"})
    assert undone.headers["location"] == "/password-reset/confirm"
    given = cookies_set(undone)
    assert given["autograph_session"]["max-age"] == "0"
    assert given["autograph_link_email_change_undo"]["max-age"] == "0"
    assert given["autograph_link_password_reset"].value
    chosen = await browser.post("/recovery/password", data={"password": "basalt teapot nineteen lanterns"})
    assert chosen.headers["location"] == "/login"
    credentials = {"email": EMAIL, "password": "basalt teapot nineteen lanterns"}
    assert (await browser.post("/login", json=credentials)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/session/verify-email",
        "/session/verify-email/send",
        "/session/change-email",
        "/session/change-email/confirm",
        "/session/change-email/undo",
    ],
)
async def test_another_site_sends_none_of_them(connect: Connect, path: str) -> None:
    for client in (connect(), connect(origin="https://evil.example")):
        assert_problem(await client.post(path, data={"email": NEW}), 403, "origin_refused")
