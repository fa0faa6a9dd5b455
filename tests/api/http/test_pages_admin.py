"""Who gets the administration pages, and how all others are refused."""

import pytest
from httpx import AsyncClient, Response

from autograph_web.admin.user_summary import Role
from autograph_web.container import Services
from tests.support.clients.http import assert_problem, come_in, sign_up
from tests.support.services.app import Connect
from tests.support.services.factories import EMAIL
from tests.support.services.operators import OPERATOR, make_admin

PAGE = "page /admin/users.html"
SPELLINGS = ("/admin/users", "/admin/users/", "/./admin/users", "/admin//users")


async def promote(services: Services) -> None:
    person = await services.user_directory.find(EMAIL)
    await services.user_actions.set_role(OPERATOR, person.id, Role.ADMIN)


async def turned_away(browser: AsyncClient, path: str) -> Response:
    answer = await browser.get(path)
    assert answer.status_code == 403
    assert "page /" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer


async def test_nobody_is_sent_to_sign_in(browser: AsyncClient) -> None:
    answer = await browser.get("/admin/users?part=mina")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fadmin%2Fusers%3Fpart%3Dmina"
    assert answer.content == b""


@pytest.mark.parametrize("path", SPELLINGS)
async def test_a_user_never_gets_a_byte_of_it(browser: AsyncClient, path: str) -> None:
    await sign_up(browser)
    await come_in(browser)
    await turned_away(browser, path)


async def test_the_refusal_is_the_same_whoever_is_asked_for(browser: AsyncClient, services: Services) -> None:
    await make_admin(services, "nora@northwind.dev")
    await sign_up(browser)
    await come_in(browser)
    there = await turned_away(browser, "/admin/users?part=nora@northwind.dev")
    not_there = await turned_away(browser, "/admin/users?part=nobody@northwind.dev")
    assert there.content == not_there.content


async def test_an_administrator_gets_it_and_nobody_keeps_it(browser: AsyncClient, services: Services) -> None:
    await sign_up(browser)
    await promote(services)
    await come_in(browser)
    for path in SPELLINGS:
        answer = await browser.get(path)
        assert (answer.status_code, answer.text) == (200, PAGE)
        assert answer.headers["cache-control"] == "no-store"


async def test_whoever_is_demoted_or_locked_is_out_with_the_next_request(
    browser: AsyncClient, services: Services
) -> None:
    await make_admin(services, "nora@northwind.dev")
    await sign_up(browser)
    await promote(services)
    await come_in(browser)
    me = await services.user_directory.find(EMAIL)
    await services.user_actions.set_role(OPERATOR, me.id, Role.USER)
    assert (await browser.get("/admin/users")).headers["location"].startswith("/login?next=")
    await come_in(browser)
    await turned_away(browser, "/admin/users")

    await promote(services)
    await come_in(browser)
    assert (await browser.get("/admin/users")).status_code == 200
    await services.user_actions.lock(OPERATOR, me.id)
    assert (await browser.get("/admin/users")).headers["location"].startswith("/login?next=")


async def test_a_program_gets_problem_details(connect: Connect, browser: AsyncClient) -> None:
    await sign_up(browser)
    await come_in(browser)
    cookie = f"autograph_session={browser.cookies['autograph_session']}"
    program = connect(Accept="application/json", Cookie=cookie)
    assert_problem(await program.get("/admin/users"), 403, "not_admin")
