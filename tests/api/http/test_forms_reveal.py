"""POST /session/reveal: a secret for a single screen, fetched once by its principal's page."""

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from autograph_web.infra.one_time_secrets import OneTimeSecret
from tests.support.clients.http import assert_problem, cookies_set
from tests.support.services.app import Connect
from tests.support.services.factories import open_cookie, register

NOTE: OneTimeSecret = {"recovery_codes": ["0123-4567-89ab-cdef"]}


@pytest.fixture
async def page(browser: AsyncClient, services: Services) -> AsyncClient:
    """A script on a page of a signed-in user."""
    browser.headers["Sec-Fetch-Mode"] = "cors"
    await register(services)
    browser.cookies.set("autograph_session", await open_cookie(services))
    return browser


@pytest.fixture
async def ticket(page: AsyncClient, services: Services) -> str:
    principal = await services.sessions.authenticate_cookie(page.cookies["autograph_session"])
    return await services.one_time_secrets.put(principal.user_id, NOTE)


async def test_a_note_is_answered_as_json_that_nobody_keeps(page: AsyncClient, ticket: str) -> None:
    response = await page.post("/session/reveal", data={"ticket": ticket})

    assert (response.status_code, response.json()) == (200, NOTE)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert cookies_set(response) == {}


async def test_a_note_is_answered_once(page: AsyncClient, ticket: str) -> None:
    await page.post("/session/reveal", data={"ticket": ticket})

    assert_problem(await page.post("/session/reveal", data={"ticket": ticket}), 400, "ticket_expired")


@pytest.mark.parametrize("fields", [{"other": "x"}, {"ticket": ""}, {"ticket": "x"}, {"ticket": "A" * 5000}])
async def test_another_ticket_fetches_nothing(page: AsyncClient, ticket: str, fields: dict[str, str]) -> None:
    assert_problem(await page.post("/session/reveal", data=fields), 400, "ticket_expired")
    assert (await page.post("/session/reveal", data={"ticket": ticket})).json() == NOTE


@pytest.mark.parametrize("cookie", [None, "", "x", "A" * 86])
async def test_without_a_session_nothing_is_told_and_the_note_stays(
    page: AsyncClient, services: Services, connect: Connect, ticket: str, cookie: str | None
) -> None:
    stranger = connect(origin=services.settings.base_url)
    if cookie is not None:
        stranger.cookies.set("autograph_session", cookie)
    response = await stranger.post("/session/reveal", data={"ticket": ticket})

    assert response.status_code == 401
    assert response.json()["code"] in ("not_authenticated", "session_ended")
    assert (await page.post("/session/reveal", data={"ticket": ticket})).json() == NOTE


async def test_a_bearer_token_alone_fetches_nothing(
    page: AsyncClient, services: Services, connect: Connect, ticket: str
) -> None:
    client = connect(origin=services.settings.base_url, Authorization="Bearer x")

    assert_problem(await client.post("/session/reveal", data={"ticket": ticket}), 401, "not_authenticated")


async def test_the_session_of_somebody_else_fetches_nothing(
    page: AsyncClient, services: Services, connect: Connect, ticket: str
) -> None:
    other = connect(origin=services.settings.base_url)
    theirs = {"email": "theo@northwind.dev", "password": "basalt teapot nineteen fjords"}
    await other.post("/session/register", data=theirs)
    assert "autograph_session" in other.cookies

    assert_problem(await other.post("/session/reveal", data={"ticket": ticket}), 400, "ticket_expired")


async def test_from_another_site_nothing_is_told(page: AsyncClient, connect: Connect, ticket: str) -> None:
    for origin in (None, "https://evil.example"):
        client = connect(origin=origin)
        client.cookies.set("autograph_session", page.cookies["autograph_session"])
        response = await client.post("/session/reveal", data={"ticket": ticket})
        assert_problem(response, 403, "origin_refused")


async def test_a_note_is_not_for_the_address_bar(page: AsyncClient, ticket: str) -> None:
    response = await page.get("/session/reveal", params={"ticket": ticket})

    assert response.status_code == 405
    assert NOTE["recovery_codes"][0] not in response.text
