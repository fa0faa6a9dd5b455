"""The native forms of recovery: requesting a link, a new password, and disavowing a sign-in."""

import pytest
from httpx import AsyncClient, Response

from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.store import USERS
from autograph_web.container import Services
from autograph_web.infra.flash import Flash
from tests.support.clients.http import assert_problem, cookies_set
from tests.support.mail.mailbox import Mailbox
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, open_pair, register, rows
from tests.support.services.password_reset import NEW_PASSWORD, ask_and_open

CONFIRM = "/password-reset/confirm"
COOKIE = "autograph_link_password_reset"


async def said(services: Services, response: Response) -> Flash:
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    return flash


async def open_link(browser: AsyncClient, token: str) -> None:
    await browser.post("/link/exchange", data={"purpose": "password_reset", "token": token})
    assert browser.cookies[COOKIE] == token


@pytest.mark.parametrize("email", [EMAIL, "nobody@northwind.dev"])
async def test_asking_by_form_leads_back_to_what_comes_next(
    browser: AsyncClient, services: Services, email: str
) -> None:
    await register(services)
    response = await browser.post("/recovery/request", data={"email": email})

    assert (response.status_code, response.headers["location"]) == (303, "/password-reset")
    assert await said(services, response) == Flash("password_reset_sent", values={"email": email})


async def test_a_form_with_nonsense_is_explained(browser: AsyncClient, services: Services) -> None:
    response = await browser.post("/recovery/request", data={"email": "nonsense"})

    assert response.headers["location"] == "/password-reset"
    flash = await said(services, response)
    assert (flash.code, flash.field, flash.values) == ("email_invalid", "email", {"email": "nonsense"})


async def test_the_form_sets_the_password_and_gives_the_cookie_back(
    browser: AsyncClient, services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    await open_link(browser, await ask_and_open(services, mailbox))
    response = await browser.post("/recovery/password", data={"password": NEW_PASSWORD})

    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert COOKIE not in browser.cookies
    assert await said(services, response) == Flash("password_reset", values={"email": EMAIL})


async def test_a_refused_password_keeps_the_cookie(
    browser: AsyncClient, services: Services, mailbox: Mailbox
) -> None:
    await register(services)
    await open_link(browser, await ask_and_open(services, mailbox))
    response = await browser.post("/recovery/password", data={"password": "short"})

    assert response.headers["location"] == "/password-reset/confirm"
    assert (await said(services, response)).code == "password_too_short"
    assert COOKIE in browser.cookies


async def test_without_a_link_there_is_nothing_to_set(browser: AsyncClient, services: Services) -> None:
    await register(services)
    before = [row.password_hash for row in await rows(services, USERS)]
    response = await browser.post("/recovery/password", data={"password": NEW_PASSWORD})

    assert response.headers["location"] == "/password-reset/confirm"
    assert (await said(services, response)).code == "link_unknown"
    assert [row.password_hash for row in await rows(services, USERS)] == before


async def test_a_sign_in_is_taken_back_by_form(
    browser: AsyncClient, services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await register(services)
    clock.advance(3600)
    stranger = await open_pair(services)
    token = mailbox.link_to(EMAIL).partition("#token=")[2]
    await browser.post("/link/exchange", data={"purpose": "sign_in_refusal", "token": token})
    assert await services.sessions.authenticate_token(stranger.access_token)
    response = await browser.post("/recovery/refuse", data={"go": "1"})

    assert (response.status_code, response.headers["location"]) == (303, CONFIRM)
    assert "autograph_link_sign_in_refusal" not in browser.cookies
    assert (await said(services, response)).code == "sign_in_refused"
    cookie = cookies_set(response)[COOKIE]
    assert (cookie["httponly"], cookie["max-age"]) == (True, "3600")
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(stranger.access_token)
    chosen = await browser.post("/recovery/password", data={"password": NEW_PASSWORD})
    assert chosen.headers["location"] == "/login"


async def test_without_its_link_nothing_is_taken_back(browser: AsyncClient, services: Services) -> None:
    await register(services)
    pair = await open_pair(services)
    response = await browser.post("/recovery/refuse", data={"token": "x" * 43})

    assert response.headers["location"] == "/not-me"
    assert (await said(services, response)).code == "link_unknown"
    assert await services.sessions.authenticate_token(pair.access_token)


@pytest.mark.parametrize("path", ["/recovery/request", "/recovery/password", "/recovery/refuse"])
async def test_only_our_own_pages_may(connect: Connect, path: str) -> None:
    assert_problem(await connect().post(path, data={"email": EMAIL}), 403, "origin_refused")
    forged = connect(origin="https://evil.example")
    assert_problem(await forged.post(path, data={"email": EMAIL}), 403, "origin_refused")
