"""How a link in an email becomes a cookie."""

from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import LINKS, USERS
from autograph_web.container import Services
from autograph_web.infra.flash import Flash
from autograph_web.ui import messages
from tests.support.clients.http import assert_problem, cookies_set
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, change, register, rows

COOKIE = "autograph_link_password_reset"
RESET = Purpose.PASSWORD_RESET
PLAIN = "Zk3-aB_9xQ7Lm0PpRr5TtVvWwYy1234567890AbCd_-"[-43:]
LIFE = 600


@pytest.fixture
async def token(services: Services) -> str:
    return await issue(services, (await register(services)).id)


async def issue(services: Services, user_id: UUID, purpose: Purpose = RESET) -> str:
    async with services.database.unit() as connection:
        return await services.links.issue(connection, purpose, user_id, LIFE)


async def exchange(client: AsyncClient, token: str, purpose: str = RESET) -> Response:
    return await client.post("/link/exchange", data={"purpose": purpose, "token": token})


async def said(services: Services, response: Response) -> Flash:
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    return flash


async def test_a_token_becomes_a_cookie_that_no_script_reads(
    browser: AsyncClient, clock: FakeClock, token: str
) -> None:
    clock.advance(100)
    response = await exchange(browser, token)

    assert (response.status_code, response.headers["location"]) == (303, "/password-reset/confirm")
    assert response.headers["cache-control"] == "no-store"
    cookie = cookies_set(response)[COOKIE]
    assert (cookie.value, cookie["max-age"]) == (token, str(LIFE - 100))
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")


async def test_the_exchange_uses_nothing_up(browser: AsyncClient, services: Services, token: str) -> None:
    for _ in range(3):
        await exchange(browser, token)

    assert [row.used_at for row in await rows(services, LINKS)] == [None]


@pytest.mark.parametrize(
    "pasted",
    [
        "{token}",
        "  {token}\n",
        "http://localhost:3000/password-reset/confirm#token={token}",
        "> http://localhost:3000/password-reset\r\n /confirm#token={half}\r\n{rest} ",
        "#token={token}.",
        "http://localhost:3000/password-reset/confirm%23token%3D{token}>",
    ],
)
async def test_a_pasted_link_is_as_good(browser: AsyncClient, token: str, pasted: str) -> None:
    response = await exchange(browser, pasted.format(token=token, half=token[:20], rest=token[20:]))

    assert cookies_set(response)[COOKIE].value == token


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 43,
        "x" * 5000,
        "#token=",
        "é" * 43,
        "http://localhost:3000/password-reset/confirm",
        "a; Domain=evil",
        "\0" * 43,
    ],
)
async def test_nonsense_is_explained_and_sets_no_cookie(
    browser: AsyncClient, services: Services, token: str, text: str
) -> None:
    response = await exchange(browser, text)

    assert (response.status_code, response.headers["location"]) == (303, "/password-reset/confirm")
    assert cookies_set(response)[COOKIE]["max-age"] == "0"
    assert (await said(services, response)).code == "link_unknown"


async def test_a_link_that_is_over_takes_the_cookie_of_another_away(
    browser: AsyncClient, services: Services, clock: FakeClock, token: str
) -> None:
    await exchange(browser, token)
    assert COOKIE in browser.cookies
    clock.advance(LIFE)
    response = await exchange(browser, token)

    assert (await said(services, response)).code == "link_expired"
    assert COOKIE not in browser.cookies


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_opening_a_link_changes_nothing_and_one_that_did_its_work_says_so(
    browser: AsyncClient, services: Services, purpose: Purpose
) -> None:
    user_id = (await register(services)).id
    async with services.database.unit() as connection:
        token = await services.links.issue(connection, purpose, user_id, LIFE, EMAIL)
    before = await rows(services, USERS)
    await browser.get(purpose.page)
    await exchange(browser, f"#token={token}", purpose)
    await browser.get(purpose.page)
    assert await rows(services, USERS) == before
    assert [row.used_at for row in await rows(services, LINKS)] == [None]

    async with services.database.unit() as connection:
        await services.links.consume(connection, purpose, token)
    # A verification link depends on the address alone.
    if purpose is Purpose.EMAIL_VERIFICATION:
        await change(services, USERS, email_verified_at=before[0].created_at)
    answer = await exchange(browser, token, purpose)
    flash = await said(services, answer)
    assert (answer.headers["location"], flash.code) == (purpose.page, purpose.done)
    assert messages.notice(flash.code)


async def test_a_link_that_a_newer_one_replaced_says_so(
    browser: AsyncClient, services: Services, token: str
) -> None:
    async with services.database.unit() as connection:
        [row] = await rows(services, LINKS)
        await services.links.issue(connection, RESET, row.user_id, LIFE, alone=True)

    assert (await said(services, await exchange(browser, token))).code == "link_replaced"


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize(
    "left", ["{page}%23token={token}", "/{page}/%23token%3D{token}%3E", "{page}%23token={token}."]
)
async def test_an_address_whose_mark_was_escaped_leads_to_the_page(
    browser: AsyncClient, purpose: Purpose, left: str
) -> None:
    answer = await browser.get(f"http://localhost:3000{left.format(page=purpose.page, token=PLAIN)}")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{purpose.page}#token={PLAIN}"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", [f"/nowhere%23token={'A' * 43}", "/verify-email%23token=short", "/verify-email%23"]
)
async def test_an_escaped_mark_leads_nowhere_else(browser: AsyncClient, path: str) -> None:
    assert "location" not in (await browser.get(path)).headers


async def test_a_link_of_another_purpose_is_unknown(
    browser: AsyncClient, services: Services, token: str
) -> None:
    response = await exchange(browser, token, Purpose.EMAIL_VERIFICATION)

    assert response.headers["location"] == "/verify-email"
    assert (await said(services, response)).code == "link_unknown"


@pytest.mark.parametrize("purpose", ["", "password-reset", "/evil", "//evil.example", "PASSWORD_RESET"])
async def test_an_unknown_purpose_leads_nowhere(
    browser: AsyncClient, services: Services, token: str, purpose: str
) -> None:
    response = await exchange(browser, token, purpose)

    assert response.headers["location"] == "/error"
    assert (await said(services, response)).code == "invalid_input"


@pytest.mark.parametrize("path", ["/link/exchange", "/link/close"])
async def test_only_our_own_pages_may(connect: Connect, token: str, path: str) -> None:
    form = {"purpose": RESET.value, "token": token}

    assert_problem(await connect().post(path, data=form), 403, "origin_refused")
    assert_problem(await connect(origin="https://evil.example").post(path, data=form), 403, "origin_refused")
    assert_problem(await connect(origin="null").post(path, data=form), 403, "origin_refused")
    assert_problem(await connect().get(path), 405, "method_not_allowed")


async def test_a_spoofed_host_changes_nothing(connect: Connect, services: Services, token: str) -> None:
    client = connect(origin=services.settings.base_url, Host="evil.example", **{"X-Forwarded-Host": "evil"})

    assert (await exchange(client, token)).headers["location"] == "/password-reset/confirm"


async def test_closing_takes_the_cookie_back_and_leads_to_what_is_to_be_said(
    browser: AsyncClient, services: Services, token: str
) -> None:
    await exchange(browser, token)
    ticket = await services.flash.put(Flash("signed_out"))
    response = await browser.post("/link/close", data={"purpose": RESET.value, "ticket": ticket})

    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert COOKIE not in browser.cookies
    assert (await said(services, response)).code == "signed_out"


@pytest.mark.parametrize("settings_changes", [{"base_url": "https://accounts.northwind.dev"}])
async def test_on_https_the_cookie_is_tied_to_the_host(browser: AsyncClient, token: str) -> None:
    cookie = cookies_set(await exchange(browser, token))[f"__Host-{COOKIE}"]

    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
