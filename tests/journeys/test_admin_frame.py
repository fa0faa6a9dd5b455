"""The administration pages: who sees that they exist, and who may open them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import USERS, forged
from tests.journeys.forms import ENDED, notice_of
from tests.journeys.operators import come_as_admin, give_role, operate
from tests.journeys.person import Person, at_overview
from tests.journeys.recording import recorded
from tests.journeys.test_forged_events import NONSENSE, cookie_of, told
from tests.support.browser.visitor import Device, Visitor
from tests.support.servers.live_server import LiveServer

PAGES = ("/admin", "/admin/users", "/admin/users/new", "/admin/users/person", "/admin/audit", "/admin/flags")


@pytest.mark.parametrize("path", PAGES)
async def test_whoever_is_not_an_administrator_is_told_so_and_sees_nothing(
    signed_in: Visitor, path: str
) -> None:
    signed_in.allow("403")
    async with recorded(signed_in) as seen:
        answer = await signed_in.load(path)
        assert answer.status == 403
        heading = signed_in.page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("This page is for administrators")
        await signed_in.check()
    assert "Administration" not in seen.text
    assert "Loading your account" not in seen.text
    await signed_in.page.get_by_role("link", name="Go to your account").click()
    await at_overview(signed_in)
    await expect(signed_in.page.get_by_role("link", name="Administration")).to_have_count(0)

    await signed_in.load(path)
    await signed_in.page.get_by_role("button", name="Use a different account").click()
    await signed_in.at("/login")


@pytest.mark.parametrize("path", PAGES)
async def test_whoever_is_not_signed_in_is_asked_to_first(
    visit: Visit, device: Device, person: Person, live_server: LiveServer, path: str
) -> None:
    await come_as_admin(await visit(device), live_server, person)
    visitor = await visit(device)
    await visitor.open(path)
    await person.fill_in(visitor)
    await visitor.page.get_by_role("button", name="Sign in").click()
    await visitor.at(path)


@pytest.mark.phone_too
async def test_an_administrator_finds_the_way(
    visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    visitor = await visit(device)
    await come_as_admin(visitor, live_server, person)
    await visitor.open("/dashboard")
    await at_overview(visitor)
    await visitor.check()
    ways = visitor.page.get_by_role("navigation", name="Account")
    await ways.get_by_role("link", name="Administration").click()
    await expect(ways.get_by_role("link", name="Administration")).to_have_attribute("aria-current", "true")
    places = visitor.page.get_by_role("navigation", name="Administration")
    await expect(places.get_by_role("link").first).to_have_attribute("aria-current", "page")
    await places.get_by_role("link", name="Users").click()
    await visitor.at("/admin/users")
    await expect(visitor.page).to_have_title("Users · AutoGraph")
    await expect(places.get_by_role("link", name="Users")).to_have_attribute("aria-current", "page")


async def test_whoever_is_demoted_while_looking_leaves_at_once(
    visit: Visit, device: Device, person: Person, new_person: Callable[[], Person], brittle_server: LiveServer
) -> None:
    visitor, other = await visit(device, brittle_server), new_person()
    other.join(brittle_server)
    give_role(brittle_server, other.email)
    await come_as_admin(visitor, brittle_server, person)
    await visitor.open("/admin/users")
    await expect(visitor.page.locator("#people")).to_be_visible()
    await operate(brittle_server, "user", "role", person.email, "user")
    visitor.allow("403")
    await visitor.at("/login?ended=1&next=/admin/users")
    await expect(notice_of(visitor)).to_have_text(ENDED)
    await person.fill_in(visitor)
    await visitor.page.get_by_role("button", name="Sign in").click()
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("This page is for administrators")


async def test_forged_events_of_a_user_tell_nothing(person: Person, brittle_server: LiveServer) -> None:
    person.join(brittle_server)
    cookie = cookie_of(brittle_server, person)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("load", {}),
        ("load_more", {}),
        ("choose", {"name": "role", "value": ""}),
        ("search", {"form": {"part": ""}}),
        *(("search", {"form": nonsense}) for nonsense in NONSENSE),
        *((inner, {}) for inner in ("_list", "_open", "_show", "_append", "_read_page", "_authorize")),
    ]
    for given in ("", cookie):
        async with forged(brittle_server.base_url, cookie=given) as socket:
            await socket.hydrate("/admin/users")
            for handler, payload in calls:
                await socket.call(f"{USERS}.{handler}", payload, "/admin/users")
            heard = told(await socket.settle())
        assert "@" not in heard
        assert "Showing" not in heard
