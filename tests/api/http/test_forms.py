"""The native forms: what works without JavaScript, and how the session cookie arrives."""

from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.infra.flash import Flash
from autograph_web.sessions.store import SESSIONS
from tests.support.clients.http import assert_problem, cookies_set
from tests.support.services.app import ORIGIN, Connect
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    WRONG,
    audited,
    how_many,
    open_cookie,
    prove,
    register,
)

CREDENTIALS = {"email": EMAIL, "password": PASSWORD}
FORMS = ["/session/sign-in", "/session/register", "/session/claim", "/session/end"]


async def flash_of(services: Services, response: Response) -> Flash:
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    return flash


async def test_signing_in_sets_the_cookie_and_leads_on(browser: AsyncClient, services: Services) -> None:
    account = await register(services)
    response = await browser.post("/session/sign-in", data=CREDENTIALS)

    assert (response.status_code, response.headers["location"]) == (303, "/dashboard")
    cookie = cookies_set(response)["autograph_session"]
    assert (await services.sessions.authenticate_cookie(cookie.value)).user_id == account.id
    assert cookie["max-age"] == ""
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("value", ["on", "true", "1"])
async def test_remember_me_makes_the_cookie_stay(
    browser: AsyncClient, services: Services, value: str
) -> None:
    await register(services)
    response = await browser.post("/session/sign-in", data=CREDENTIALS | {"remember_me": value})

    assert cookies_set(response)["autograph_session"]["max-age"] == str(30 * 86_400)


async def test_signing_in_makes_the_browser_a_known_device(
    connect: Connect, browser: AsyncClient, services: Services
) -> None:
    await register(services)
    await browser.post("/session/sign-in", data=CREDENTIALS)
    stranger = connect("192.0.2.66", origin=ORIGIN)
    for _ in range(5):
        await stranger.post("/session/sign-in", data=CREDENTIALS | {"password": WRONG})

    assert (await browser.post("/session/sign-in", data=CREDENTIALS)).headers["location"] == "/dashboard"
    elsewhere = await connect("192.0.2.1", origin=ORIGIN).post("/session/sign-in", data=CREDENTIALS)
    assert (await flash_of(services, elsewhere)).code == "rate_limited"


async def test_a_new_sign_in_is_a_new_session(browser: AsyncClient, services: Services) -> None:
    await register(services)
    first = cookies_set(await browser.post("/session/sign-in", data=CREDENTIALS))
    second = cookies_set(await browser.post("/session/sign-in", data=CREDENTIALS))

    assert first["autograph_session"].value != second["autograph_session"].value
    assert await how_many(services, SESSIONS) == 2


async def test_a_wrong_password_leads_back_with_an_explanation(
    browser: AsyncClient, services: Services
) -> None:
    await register(services)
    response = await browser.post("/session/sign-in", data=CREDENTIALS | {"password": WRONG})

    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert set(cookies_set(response)) == {"autograph_flash"}
    assert cookies_set(response)["autograph_flash"]["max-age"] == "60"
    assert await flash_of(services, response) == Flash("invalid_credentials", values={"email": EMAIL})


async def test_an_explanation_never_repeats_a_password(browser: AsyncClient, services: Services) -> None:
    response = await browser.post("/session/register", data={"email": EMAIL, "password": "short"})

    flash = await flash_of(services, response)
    assert (response.headers["location"], flash.code, flash.field) == (
        "/register",
        "password_too_short",
        "password",
    )
    assert flash.values == {"email": EMAIL}
    assert flash.reasons == ("Use at least 8 characters.",)


async def test_a_rate_limit_says_for_how_long(browser: AsyncClient, services: Services) -> None:
    for _ in range(5):
        await browser.post("/session/sign-in", data=CREDENTIALS)
    response = await browser.post("/session/sign-in", data=CREDENTIALS)

    flash = await flash_of(services, response)
    assert (flash.code, flash.retry_after) == ("rate_limited", 900)


async def test_registering_signs_in(browser: AsyncClient, services: Services) -> None:
    response = await browser.post("/session/register", data=CREDENTIALS)

    assert (response.status_code, response.headers["location"]) == (303, "/dashboard")
    cookie = cookies_set(response)["autograph_session"].value
    assert (await services.sessions.authenticate_cookie(cookie)).email == EMAIL
    assert len(await audited(services, "registration_success")) == 1


async def test_a_ticket_is_exchanged_for_the_cookie_once(browser: AsyncClient, services: Services) -> None:
    await register(services)
    ticket = await services.login_tickets.issue(await prove(services, remember=True))
    first = await browser.post("/session/claim", data={"ticket": ticket, "next": "/dashboard?tab=2"})
    second = await browser.post("/session/claim", data={"ticket": ticket})

    assert first.headers["location"] == "/dashboard?tab=2"
    assert cookies_set(first)["autograph_session"]["max-age"] == str(30 * 86_400)
    assert second.headers["location"] == "/login"
    assert set(cookies_set(second)) == {"autograph_flash"}
    assert (await flash_of(services, second)).code == "ticket_expired"
    assert await how_many(services, SESSIONS) == 1


async def test_ending_takes_the_session_and_its_cookie(browser: AsyncClient, services: Services) -> None:
    await register(services)
    cookie = await open_cookie(services)
    browser.cookies.set("autograph_session", cookie)
    response = await browser.post("/session/end", data={"": ""})

    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert cookies_set(response)["autograph_session"]["max-age"] == "0"
    assert cookies_set(response)["autograph_session"].value == ""
    assert (await flash_of(services, response)).code == "signed_out"
    assert_problem(
        await browser.get("/me", headers={"Cookie": f"autograph_session={cookie}", "Accept": "*/*"}),
        401,
        "session_ended",
    )


@pytest.mark.parametrize("cookie", [None, "x", "A" * 86])
async def test_ending_nothing_is_fine(browser: AsyncClient, cookie: str | None) -> None:
    headers = {"Cookie": f"autograph_session={cookie}"} if cookie else {}
    response = await browser.post("/session/end", data={"": ""}, headers=headers)

    assert (response.status_code, response.headers["location"]) == (303, "/login")


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        "///evil.example",
        " /dashboard",
        "dashboard",
        "",
        "/session/end",
        "/login",
        "/" + "x" * 600,
    ],
)
async def test_nobody_is_led_to_another_site(browser: AsyncClient, services: Services, target: str) -> None:
    await register(services)
    good = await browser.post("/session/sign-in", data=CREDENTIALS | {"next": target})
    bad = await browser.post("/session/sign-in", data=CREDENTIALS | {"password": WRONG, "next": target})

    assert good.headers["location"] == "/dashboard"
    assert bad.headers["location"] == "/login?next=%2Fdashboard"


async def test_the_way_on_survives_a_mistake(browser: AsyncClient, services: Services) -> None:
    await register(services)
    target = "/dashboard?from=a&b=c#d"
    response = await browser.post("/session/sign-in", data=CREDENTIALS | {"password": WRONG, "next": target})

    assert parse_qs(urlsplit(response.headers["location"]).query) == {"next": [target]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", f"{ORIGIN}.evil.example", ""])
async def test_another_site_cannot_submit_our_forms(
    connect: Connect, services: Services, form: str, origin: str | None
) -> None:
    await register(services)
    ticket = await services.login_tickets.issue(await prove(services))
    headers = {} if origin is None else {"Origin": origin}
    response = await connect().post(form, data=CREDENTIALS | {"ticket": ticket}, headers=headers)

    assert_problem(response, 403, "origin_refused")
    assert "set-cookie" not in response.headers
    assert await how_many(services, SESSIONS) == 0


async def test_signing_in_again_ends_the_session_the_browser_had(
    connect: Connect, services: Services
) -> None:
    await register(services)
    elsewhere = await open_cookie(services)
    browser = connect(origin=ORIGIN, Accept="text/html")
    had: list[str] = []
    for _ in range(2):
        response = await browser.post("/session/sign-in", data=CREDENTIALS)
        had.append(cookies_set(response)["autograph_session"].value)

    assert await services.sessions.authenticate_cookie(had[1])
    assert await services.sessions.authenticate_cookie(elsewhere)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(had[0])
    [event] = await audited(services, "logout")
    assert event.details == {"replaced": True}


@pytest.mark.parametrize("form", FORMS)
async def test_a_body_that_is_no_form_is_explained(
    browser: AsyncClient, services: Services, form: str
) -> None:
    response = await browser.post(form, json=CREDENTIALS)

    assert response.status_code == 303
    assert (await flash_of(services, response)).code in ("invalid_input", "signed_out")


async def test_a_flood_of_fields_is_refused(browser: AsyncClient) -> None:
    response = await browser.post("/session/sign-in", data={f"field{n}": "x" for n in range(100)})

    assert response.status_code in (303, 400)
    assert "autograph_session" not in cookies_set(response)


async def test_a_fault_of_ours_is_a_page_for_who_sent_a_form(
    browser: AsyncClient, services: Services
) -> None:
    await register(services)
    async with services.database.unit() as connection:
        await connection.execute(text("UPDATE users SET created_at = 'no moment'"))
    response = await browser.post("/session/sign-in", data=CREDENTIALS)

    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/html")
    assert "<h1" in response.text
    assert "isoformat" not in response.text
