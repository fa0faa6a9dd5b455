"""Refusals that a user sees: a page with an explanation, or a redirect to the right page."""

import pytest
from httpx import Response
from structlog.testing import capture_logs

from autograph_web.container import Services
from autograph_web.frontend import plain_page
from autograph_web.sessions.store import SESSIONS
from tests.support.clients.http import CREDENTIALS, assert_problem
from tests.support.services.app import ORIGIN, Connect
from tests.support.services.factories import how_many, register

pytestmark = pytest.mark.skipif(plain_page("error.html") is None, reason="the pages are not built")
NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
LAN = "http://192.168.1.20:3000"


def assert_page(response: Response, status: int, *words: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert len(response.content) == int(response.headers["content-length"])
    assert "Something went wrong" not in response.text
    assert "on our side" not in response.text
    for word in words:
        assert word in response.text


@pytest.mark.parametrize(
    ("headers", "opens"),
    [
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Origin": ""}, False),
    ],
)
async def test_a_form_of_our_own_page_counts_even_if_its_origin_was_taken_away(
    connect: Connect, services: Services, headers: dict[str, str], opens: bool
) -> None:
    await register(services)
    client = connect(**NAVIGATION, **headers)
    response = await client.post("/session/sign-in", data=CREDENTIALS)

    assert await how_many(services, SESSIONS) == int(opens)
    assert response.status_code == 303 if opens else 403
    if not opens:
        assert_page(response, 403, "another site")


async def test_whoever_came_by_another_address_is_told_the_right_one(
    connect: Connect, services: Services
) -> None:
    headers = {"Origin": LAN, "Host": LAN.removeprefix("http://")}
    with capture_logs() as logs:
        await connect(**headers).post("/logout")
        page = await connect(**NAVIGATION, **headers).post("/session/sign-in", data=CREDENTIALS)
        program = await connect(**headers).post("/session/sign-in", data=CREDENTIALS)

    assert_page(page, 403, f"Open {ORIGIN} instead", "AUTOGRAPH_BASE_URL")
    assert ORIGIN in assert_problem(program, 403, "origin_refused")["detail"]
    [told] = [line for line in logs if line["event"] == "origin_refused"]
    assert (told["origin"], told["base_url"]) == (LAN, ORIGIN)
    assert "AUTOGRAPH_BASE_URL" in told["advice"]


async def test_another_site_is_not_told_where_we_are(connect: Connect) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "https://evil.example", "Host": "x.dev"}):
        page = await connect(**NAVIGATION, **headers).post("/session/sign-in", data=CREDENTIALS)
        assert_page(page, 403, "another site")
        assert "AUTOGRAPH_BASE_URL" not in page.text


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "words"),
    [
        ("POST", "/session/sign-in", b"x" * 70_000, 413, "64 KiB"),
        ("PUT", "/login", b"", 405, "method"),
        ("POST", "/nowhere", b"", 404, "Page not found"),
        ("GET", "/activity/export", b"", 401, "Sign in to continue"),
        ("POST", "/login", b"{", 415, "application/json"),
        ("POST", "/session/reveal", b"", 422, ""),
    ],
)
async def test_no_navigation_ends_in_a_problem_document(
    connect: Connect, method: str, path: str, content: bytes, status: int, words: str
) -> None:
    answer = await connect(origin=ORIGIN, **NAVIGATION).request(method, path, content=content)
    assert_page(answer, status, words)
    script = {"Accept": "text/html", "Sec-Fetch-Mode": "cors"}
    for other in (connect(origin=ORIGIN), connect(origin=ORIGIN, **script)):
        problem = await other.request(method, path, content=content)
        assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")


async def test_what_a_refusal_says_cannot_become_markup(connect: Connect) -> None:
    answer = await connect(origin=ORIGIN, **NAVIGATION).get("/me", headers={"Authorization": "<b>"})
    assert answer.headers["content-type"] == "application/problem+json"  # a token means a program
    page = await connect(**NAVIGATION, Host='"><b>', Origin='http://"><b>').post("/session/end")
    assert_page(page, 403)
    assert "<b>" not in page.text
