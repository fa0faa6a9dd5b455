"""The page of feature flags, and the effect of a change on the pages of all users."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Locator, expect

from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import FLAGS, forged
from tests.journeys.forms import alert_of, button_of, notice_of, password_of
from tests.journeys.operators import come_as_admin, operate
from tests.journeys.person import Person
from tests.journeys.server_state import make_stale, missing
from tests.journeys.test_forged_events import NONSENSE, browser_of, cookie_of, tab_of, told
from tests.support.browser.visitor import DESKTOP, Device, Visitor
from tests.support.servers.live_server import LiveServer

PATH = "/admin/flags"
KNOWN_WITHIN_S = 2.0
"""The documented limit: by then every worker knows about a change."""


def line_of(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator(f"[data-flag={name}]")


async def at_step(visitor: Visitor, step: str) -> None:
    await expect(visitor.page.locator("#flags-cards")).to_have_attribute("data-step", step)
    if step:
        await expect(visitor.page.locator("#step-title")).to_be_focused()


async def come(visitor: Visitor, server: LiveServer, person: Person) -> None:
    await come_as_admin(visitor, server, person)
    await visitor.open(PATH)
    await expect(visitor.page.locator("#flags")).to_be_visible()


async def begin(visitor: Visitor, name: str) -> None:
    await line_of(visitor, name).get_by_role("button").click()
    await at_step(visitor, name)


async def switch(visitor: Visitor, name: str, words: str, percent: str = "") -> None:
    """Change a flag on the open page."""
    await begin(visitor, name)
    await visitor.page.get_by_label(words, exact=False).first.check()
    if percent:
        await visitor.page.locator("#percent").fill(percent)
    await button_of(visitor).click()
    await at_step(visitor, "review")
    await button_of(visitor).click()
    await at_step(visitor, "")


@pytest.mark.phone_too
async def test_a_flag_is_seen_chosen_for_reviewed_switched_and_reset(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    # Other journeys on this server change flags, for example those of the authorisation table.
    await operate(brittle_server, "flags", "reset", "trusted_devices")
    visitor = await visit(device, brittle_server)
    await come(visitor, brittle_server, person)
    await expect(visitor.page.locator("[data-flag]")).to_have_count(5)
    await expect(line_of(visitor, "trusted_devices")).to_contain_text("Server default.")
    await visitor.check()
    await begin(visitor, "trusted_devices")
    await expect(visitor.page.get_by_label("Server default (On)")).to_be_checked()
    await visitor.check()
    await visitor.page.get_by_label("Off", exact=False).last.check()
    await visitor.page.locator("#percent").fill("25 %")
    await button_of(visitor).click()
    await at_step(visitor, "review")
    await expect(visitor.page.locator("#review-form")).to_be_visible()
    await expect(visitor.page.locator(".step .said")).to_contain_text(
        "Trusted browsers: Off for 25% of accounts. Users always need a code"
    )
    await visitor.check()
    await visitor.page.locator("#cancel").click()
    await at_step(visitor, "")
    await expect(line_of(visitor, "trusted_devices")).to_contain_text("Server default.")

    await switch(visitor, "trusted_devices", "Users always need a code", "25")
    await expect(visitor.page.locator("#flags")).to_be_focused()
    await expect(notice_of(visitor)).to_have_text(
        "Trusted browsers updated. It takes effect within two seconds."
    )
    line = line_of(visitor, "trusted_devices")
    await expect(line.locator(".badge")).to_have_text("Off for 25%")
    await expect(line).to_contain_text("Changed by you")
    await expect(line).to_contain_text("Everyone else: On.")
    await visitor.check()
    await switch(visitor, "trusted_devices", "Server default")
    await expect(line).to_contain_text("Server default.")


async def test_an_invalid_percentage_is_reported_beside_its_field(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await come(visitor, brittle_server, person)
    await begin(visitor, "sign_in_notices")
    for typed in ("101", "-1", "half", "٣"):
        await visitor.page.locator("#percent").fill(typed)
        await visitor.page.get_by_label("No emails about").check()
        await button_of(visitor).click()
        await expect(visitor.page.locator("#percent")).to_be_focused()
        await expect(visitor.page.locator("#percent-error")).to_contain_text("a whole number from 0 to 100")
    await visitor.check()
    await visitor.page.locator("#cancel").click()
    await begin(visitor, "registration_open")
    await expect(visitor.page.locator("#percent")).to_have_count(0)


async def test_a_closed_registration_says_so_kindly(
    visit: Visit, device: Device, person: Person, new_person: Callable[[], Person], brittle_server: LiveServer
) -> None:
    admin, visitor = await visit(DESKTOP, brittle_server), await visit(device, brittle_server)
    await visitor.open("/register")
    await expect(visitor.page.locator("#register-form")).to_be_visible()
    await come(admin, brittle_server, person)
    stranger = new_person()
    await switch(admin, "registration_open", "Only administrators can create")
    await asyncio.sleep(KNOWN_WITHIN_S)
    await stranger.fill_in(visitor)
    await visitor.page.get_by_role("button", name="Create account").click()
    await expect(alert_of(visitor)).to_contain_text("Registration is closed.")
    await visitor.check()
    await visitor.open("/register")
    await expect(visitor.page.locator("#closed")).to_contain_text("contact an administrator")
    await expect(visitor.page.locator("#register-form")).to_have_count(0)
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Registration is closed")
    await visitor.check()
    for path in ("/", "/login"):
        await visitor.open(path)
        await expect(visitor.page.locator('main a[href="/register"]')).to_have_count(0)
        await visitor.check()
    await operate(brittle_server, "flags", "reset", "registration_open")
    await asyncio.sleep(KNOWN_WITHIN_S)
    await visitor.open("/register")
    await expect(visitor.page.locator("#register-form")).to_be_visible()


async def test_a_sign_in_that_is_not_fresh_is_confirmed_first(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await come_as_admin(visitor, brittle_server, person)
    make_stale(brittle_server, person.email)
    await visitor.open(PATH)
    await line_of(visitor, "password_grant").get_by_role("button").click()
    await at_step(visitor, "confirm")
    await visitor.check()
    await password_of(visitor).fill(person.password)
    await button_of(visitor).click()
    await at_step(visitor, "password_grant")
    await visitor.at(PATH)


async def test_a_failure_offers_to_try_again(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await come_as_admin(visitor, brittle_server, person)
    with missing(brittle_server, "flags"):
        await visitor.open(PATH)
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("We couldn't load this page")
        await visitor.check()
    await visitor.page.get_by_role("button", name="Try again").click()
    await expect(visitor.page.locator("#flags")).to_be_visible()


async def test_forged_events_switch_nothing(visit: Visit, person: Person, brittle_server: LiveServer) -> None:
    victim = await visit(DESKTOP, brittle_server)
    await come(victim, brittle_server, person)
    await begin(victim, "password_grant")
    await victim.page.get_by_label("POST /token returns 404").check()
    await button_of(victim).click()
    await at_step(victim, "review")
    tab, browser = await tab_of(victim), await browser_of(victim)
    await victim.page.close()
    stranger = Person(f"stranger.{person.email}", "gravel harbour 999 violins")
    stranger.join(brittle_server)
    for token, cookie in ((tab, ""), ("", ""), (tab, cookie_of(brittle_server, stranger))):
        async with forged(brittle_server.base_url, token=token, browser=browser, cookie=cookie) as socket:
            for handler in ("load", "switch", "cancel", "_switched", "_review", "_fill", "_show"):
                await socket.call(f"{FLAGS}.{handler}", {}, PATH)
            for nonsense in (*NONSENSE, "password_grant", "review", "confirm"):
                await socket.call(f"{FLAGS}.ask", {"intent": nonsense}, PATH)
                await socket.call(f"{FLAGS}.choose", {"form": nonsense}, PATH)
                await socket.call(f"{FLAGS}.choose", {"form": {"value": nonsense, "percent": "1"}}, PATH)
                await socket.call(f"{FLAGS}.switch", {}, PATH)
            heard = told(await socket.settle())
        assert "@" not in heard
        assert " rows_rx_state_ [{" not in heard
    admin = await visit(DESKTOP, brittle_server)
    await person.come_back(admin)
    await admin.open(PATH)
    await expect(line_of(admin, "password_grant")).to_contain_text("Server default.")
