"""A sign-in from a new browser, and the owner who disavows it."""

import sqlite3

import httpx
import pytest
from playwright.async_api import Locator, expect

from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import NOT_ME, forged
from tests.journeys.forms import alert_of, button_of, notice_of
from tests.journeys.person import Person
from tests.journeys.test_forged_events import browser_of, tab_of, told
from tests.journeys.test_password_reset import NEW, SET, UNKNOWN, Ears, choose, new_password_of
from tests.support.browser.visitor import DESKTOP, Device, Visitor, unique_address
from tests.support.mail.kept_messages import link_in_letter
from tests.support.servers.live_server import LiveServer

PAGE = "/not-me"
COOKIE = "autograph_link_sign_in_refusal"
OVER = "All devices are signed out. Someone may know your password, so choose a new one now."


def refuse_of(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("button", name="It wasn't me. Sign out everywhere")


def an_hour_ago(server: LiveServer, person: Person) -> None:
    """Move the registration an hour back: in the first minutes there are no notifications."""
    with sqlite3.connect(server.database, timeout=10) as database:
        database.execute(
            "UPDATE users SET created_at = datetime(created_at, '-1 hour') WHERE email = ?", (person.email,)
        )
    database.close()


async def stranger_signs_in(server: LiveServer, person: Person) -> tuple[str, str]:
    """Sign in over REST from another place; return the access token and the link of the email about it."""
    an_hour_ago(server, person)
    headers = {
        "X-Forwarded-For": unique_address(),
        "User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
    }
    async with httpx.AsyncClient(base_url=server.base_url, headers=headers, verify=False) as client:
        answer = await client.post("/login", json={"email": person.email, "password": person.password})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"]), await link_in_letter(server, person.email, PAGE)


async def make_key(server: LiveServer, access_token: str) -> None:
    """Create an API key over REST."""
    headers = {"Authorization": f"Bearer {access_token}"}
    async with httpx.AsyncClient(base_url=server.base_url, headers=headers, verify=False) as client:
        answer = await client.post("/api-keys", json={"name": "Backup", "scopes": ["read"]})
    assert answer.status_code == 201, answer.text
    server.secrets.add(answer.json()["key"])


async def is_in(server: LiveServer, access_token: str) -> bool:
    async with httpx.AsyncClient(base_url=server.base_url, verify=False) as client:
        answer = await client.get("/me", headers={"Authorization": f"Bearer {access_token}"})
    return answer.status_code == 200


async def follow(visitor: Visitor, link: str) -> None:
    await visitor.page.goto(link)
    await visitor.at(PAGE)
    await visitor.connected()


@pytest.mark.phone_too
async def test_the_owner_ends_it_and_chooses_a_new_password(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    ears = Ears(visitor)
    stranger, link = await stranger_signs_in(live_server, member)
    await make_key(live_server, stranger)
    await follow(visitor, link)
    await expect(visitor.page.locator(".facts")).to_contain_text("Firefox 140 on Windows")
    await expect(visitor.page.locator(".facts")).to_contain_text("198.18.")
    await visitor.check()
    assert await is_in(live_server, stranger), "opening the page must change nothing"

    await refuse_of(visitor).click()
    await visitor.at("/password-reset/confirm")
    await expect(notice_of(visitor)).to_have_text(f"{OVER} We also removed: 1 API key.")
    assert not await is_in(live_server, stranger)
    assert await visitor.cookie(COOKIE) is None
    reset = (await visitor.cookie("autograph_link_password_reset"))["value"]
    live_server.secrets.add(reset)
    await visitor.connected()
    await visitor.check()
    await choose(visitor)
    await visitor.at("/login")
    await expect(notice_of(visitor)).to_have_text(SET)
    for token in (link.partition("#token=")[2], reset):
        await ears.check(token)
    await Person(member.email, NEW).sign_in(visitor)


async def test_a_used_or_broken_link_is_explained(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    _, link = await stranger_signs_in(live_server, member)
    await follow(visitor, link[:-4])
    await expect(alert_of(visitor)).to_have_text(UNKNOWN)
    await expect(refuse_of(visitor)).to_have_count(0)
    await visitor.check()
    await follow(visitor, link)
    await refuse_of(visitor).click()
    await visitor.at("/password-reset/confirm")
    await follow(visitor, link)
    await expect(notice_of(visitor)).to_have_text("That link was already used. All devices were signed out.")
    await visitor.page.get_by_role("link", name="Choose a new password").click()
    await visitor.at("/password-reset")


async def test_it_works_without_javascript(
    visit: Visit, device: Device, member: Person, live_server: LiveServer
) -> None:
    stranger, link = await stranger_signs_in(live_server, member)
    visitor = await visit(device, javascript=False)
    await visitor.load(PAGE)
    assert await visitor.overflow() <= 0
    await visitor.page.get_by_label("Link from the email").fill(link)
    await visitor.page.get_by_role("button", name="Continue").click()
    await visitor.at(PAGE)
    await refuse_of(visitor).click()
    await visitor.at("/password-reset/confirm")
    assert not await is_in(live_server, stranger)
    visitor.secrets.add(NEW)
    await new_password_of(visitor).fill(NEW)
    await button_of(visitor).click()
    await visitor.at("/login")


async def test_a_browser_is_told_of_once(
    visit: Visit, device: Device, member: Person, live_server: LiveServer
) -> None:
    an_hour_ago(live_server, member)
    visitor = await visit(device)
    await visitor.open("/login")
    await member.sign_in(visitor)
    link = await link_in_letter(live_server, member.email, PAGE)
    await visitor.context.clear_cookies(name="autograph_session")
    await visitor.open("/login")
    await member.sign_in(visitor)
    assert await link_in_letter(live_server, member.email, PAGE) == link, "another email was sent"
    await follow(visitor, link)
    await expect(refuse_of(visitor)).to_be_visible()


async def test_without_the_cookie_of_the_link_nothing_is_told(
    visit: Visit, person: Person, brittle_server: LiveServer
) -> None:
    person.join(brittle_server)
    visitor = await visit(DESKTOP, brittle_server)
    stranger, link = await stranger_signs_in(brittle_server, person)
    await follow(visitor, link)
    await expect(visitor.page.locator(".facts")).to_contain_text("Firefox 140 on Windows")
    tab, browser = await tab_of(visitor), await browser_of(visitor)
    await visitor.page.close()
    async with forged(brittle_server.base_url, token=tab, browser=browser) as socket:
        await socket.settle()
        for handler in ("load", "_read_link", "_prepare_link"):
            await socket.call(f"{NOT_ME}.{handler}", {}, PAGE)
        heard = told(await socket.settle())
    assert "Firefox 140 on Windows" not in heard
    assert await is_in(brittle_server, stranger)
