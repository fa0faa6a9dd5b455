"""The native forms for an account's address: verifying it, and changing it to another and back."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from tests.support.clients.http import assert_problem, bearer, code_left, cookies_set, open_link
from tests.support.mail.links import token_to
from tests.support.mail.mailbox import Mailbox
from tests.support.services.api_keys import make_key
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, audited, context

NEW = "mina@elsewhere.dev"
REQUIRED = pytest.mark.parametrize("settings_changes", [{"email_verification": "required"}])


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """The default settings of an operator."""
    return {"email_verification": "banner"}


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


@REQUIRED
async def test_where_it_is_required_registering_leads_to_the_letter(
    browser: AsyncClient, services: Services
) -> None:
    response = await browser.post("/session/register", data={"email": EMAIL, "password": PASSWORD})

    assert (response.status_code, response.headers["location"]) == (303, "/verify-email")
    assert "autograph_session" not in cookies_set(response)
    assert await code_left(services, response) == "verification_sent"


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


async def test_the_native_form_answers_alike_for_known_and_unknown_addresses(
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
    assert [letter.to for letter in mailbox.letters] == [EMAIL] * 2  # the first one was sent at registration


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
