"""The native forms of an account's own pages: its deletion, a new password, and its devices."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from autograph_web.container import Services
from tests.support.clients.http import assert_problem, bearer, come_in, cookies_set, sign_in, sign_up
from tests.support.services.factories import EMAIL, PASSWORD, WRONG

CONFIRMED = {"confirm_email": EMAIL}
NEW = "basalt teapot nineteen lanterns"
WISH = {"current_password": PASSWORD, "new_password": NEW}
NEW_CREDENTIALS = {"email": EMAIL, "password": NEW}


async def test_the_native_form_deletes_and_says_so(
    browser: AsyncClient, cookie: str, services: Services
) -> None:
    assert cookie
    response = await browser.post("/session/delete-account", data=CONFIRMED)

    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert cookies_set(response)["autograph_session"]["max-age"] == "0"
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    assert flash.code == "account_deleted"


async def test_deleting_by_the_native_form_leads_back_with_the_reason(
    browser: AsyncClient, cookie: str, services: Services
) -> None:
    assert cookie
    response = await browser.post("/session/delete-account", data={"confirm_email": "x"})

    assert response.headers["location"] == "/settings/account"
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    assert (flash.code, flash.field) == ("email_mismatch", "confirm_email")


async def test_the_native_form_changes_it_and_keeps_who_sent_it_in(browser: AsyncClient, cookie: str) -> None:
    response = await browser.post("/session/password-change", data=WISH | {"end_other_sessions": "on"})

    assert response.status_code == 303
    assert response.headers["location"] == "/settings/security?then=password-changed"
    assert cookies_set(response)["autograph_session"].value != cookie
    assert (await browser.get("/me")).status_code == 200
    assert (await browser.post("/login", json=NEW_CREDENTIALS)).status_code == 200


async def test_the_native_form_leads_back_with_the_reason(
    browser: AsyncClient, cookie: str, services: Services
) -> None:
    response = await browser.post("/session/password-change", data=WISH | {"current_password": WRONG})

    assert response.headers["location"] == "/settings/security"
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    assert (flash.code, flash.field, flash.values) == ("wrong_password", "current_password", {})


async def test_the_native_form_without_a_session_leads_to_signing_in(browser: AsyncClient) -> None:
    response = await browser.post("/session/password-change", data=WISH)

    assert (response.status_code, response.headers["location"]) == (303, "/settings/security")


@pytest.fixture
async def mine(api: AsyncClient) -> dict[str, Any]:
    """The tokens of Mina's REST client."""
    await sign_up(api)
    return await sign_in(api)


async def listed(api: AsyncClient, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await api.get("/sessions", headers=bearer(tokens))).json())


async def said(services: Services, answer: Response) -> str:
    """Return the message that the page a response redirects to will show."""
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/sessions")
    flash = await services.flash.pop(cookies_set(answer)["autograph_flash"].value)
    assert flash is not None
    return flash.code


async def test_the_form_signs_one_out(
    api: AsyncClient, browser: AsyncClient, services: Services, mine: dict[str, Any]
) -> None:
    await come_in(browser)
    [own] = [one for one in await listed(api, mine) if one["current"]]
    answer = await browser.post("/session/sign-out-device", data={"session": own["id"]})

    assert await said(services, answer) == "device_signed_out"
    assert_problem(await api.get("/me", headers=bearer(mine)), 401, "session_ended")
    assert (await browser.get("/me")).status_code == 200


async def test_the_form_signs_this_browser_out_as_the_button_above_does(
    api: AsyncClient, browser: AsyncClient, mine: dict[str, Any]
) -> None:
    await come_in(browser)
    [own] = [one for one in (await browser.get("/sessions")).json() if one["current"]]
    answer = await browser.post("/session/sign-out-device", data={"session": own["id"]})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert cookies_set(answer)["autograph_session"]["max-age"] == "0"


async def test_the_form_signs_all_others_out(
    api: AsyncClient, browser: AsyncClient, services: Services, mine: dict[str, Any]
) -> None:
    await come_in(browser)
    assert (
        await said(services, await browser.post("/session/sign-out-others", data={"go": "on"}))
        == "others_signed_out"
    )
    assert_problem(await api.get("/me", headers=bearer(mine)), 401, "session_ended")


@pytest.mark.parametrize("value", ["", "x", str(UUID(int=7)), "\0", "é", "1" * 5000])
async def test_the_form_says_that_there_is_no_such_session(
    browser: AsyncClient, services: Services, mine: dict[str, Any], value: str
) -> None:
    await come_in(browser)
    answer = await browser.post("/session/sign-out-device", data={"session": value})
    assert await said(services, answer) == "not_found"


async def test_the_form_needs_a_session(browser: AsyncClient, services: Services) -> None:
    for path in ("/session/sign-out-device", "/session/sign-out-others"):
        assert await said(services, await browser.post(path, data={"go": "on"})) == "not_authenticated"
