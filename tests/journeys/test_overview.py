"""The overview after signing in."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Locator, expect

from tests.journeys.conftest import Visit
from tests.journeys.person import WRONG, Person, at_overview
from tests.journeys.server_state import missing
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.visitor import DESKTOP, PHONE, Device, Visitor
from tests.support.servers.live_server import LiveServer

DEVICE_NAMES = {"desktop": "Chrome 141 on Linux", "phone": "Chrome 141 on Android"}


def events_of(visitor: Visitor) -> Locator:
    return visitor.page.locator("#activity").get_by_role("listitem")


@pytest.mark.phone_too
async def test_it_says_who_somebody_is_and_what_happened(
    visit: Visit, device: Device, person: Person
) -> None:
    visitor = await visit(device, address="203.0.113.44", timezone_id="Asia/Kathmandu")
    await person.come_in(visitor)
    await visitor.open("/dashboard")
    page, here = visitor.page, DEVICE_NAMES[device.name]
    await expect(page).to_have_title("Overview · AutoGraph")
    await expect(page.locator("#account-email")).to_have_text(person.email)
    await expect(page.locator("#account-role")).to_have_text("user", ignore_case=True)
    await expect(page.locator("#security")).to_contain_text("Password only")
    await expect(page.locator("#last-sign-in")).to_have_text("This is your first sign-in")
    await expect(page.get_by_text("You're not signed in anywhere else.")).to_be_visible()
    await expect(page.locator("#this-session")).to_contain_text(here)
    await expect(events_of(visitor)).to_have_text([re.compile("^Signed in"), re.compile("^Account created")])
    for event in await events_of(visitor).all():
        await expect(event).to_contain_text(f"{here} · 203.0.113.44")
        await expect(event.locator("time")).to_have_text(re.compile(r"^Today, \d{1,2}:\d\d"))
        await expect(event.locator("time")).to_have_attribute("title", re.compile("GMT\\+5:45"))
    await expect(events_of(visitor).first).to_contain_text("This device")
    await visitor.check()


@pytest.mark.parametrize(
    ("locale", "yesterday", "this_year", "earlier"),
    [
        ("en-US", "Yesterday, 8:05 AM", "June 15, 8:05 AM", "March 1, 2024, 8:05 AM"),
        ("en-GB", "Yesterday, 08:05", "15 June, 08:05", "1 March 2024, 08:05"),
        ("en-US@posix", "Yesterday, 08:05", "15 June, 08:05", "1 March 2024, 08:05"),  # so on some systems
        ("de-DE", "Yesterday, 08:05", "15 June, 08:05", "1 March 2024, 08:05"),  # the page is in English
    ],
)
async def test_other_days_are_spelled_as_where_the_reader_is(
    visit: Visit, member: Person, locale: str, yesterday: str, this_year: str, earlier: str
) -> None:
    if "@" in locale:  # no browser is started with it, but some report it
        visitor = await visit(timezone_id="Etc/GMT-8")
        named = f"Object.defineProperty(navigator, 'languages', {{ get: () => ['{locale}'] }})"
        await visitor.own_context.add_init_script(named)
    else:
        visitor = await visit(locale=locale, timezone_id="Etc/GMT-8")
    await member.come_back(visitor)
    await visitor.open("/dashboard")
    await visitor.own_page.clock.set_fixed_time(datetime(2026, 11, 25, 12, tzinfo=UTC))
    time = events_of(visitor).first.locator("time")
    for day, words in (("2026-11-24", yesterday), ("2026-06-15", this_year), ("2024-03-01", earlier)):
        await time.evaluate("(time, moment) => { time.dateTime = moment; }", f"{day}T00:05:00Z")
        await expect(time).to_have_text(words)


@pytest.mark.phone_too
async def test_the_second_sign_in_shows_the_first(visit: Visit, device: Device, member: Person) -> None:
    earlier = await visit(DESKTOP if device is PHONE else PHONE, address="203.0.113.45")
    await member.come_back(earlier)
    visitor = await visit(device, address="203.0.113.46")
    await visitor.open("/login")
    await member.try_to_sign_in(visitor, WRONG)
    await expect(visitor.page.locator("#form-alert")).not_to_be_empty()
    await member.sign_in(visitor)
    before = DEVICE_NAMES["desktop" if device is PHONE else "phone"]
    await expect(visitor.page.locator("#last-sign-in")).to_contain_text(f"{before} · 203.0.113.45")
    await expect(visitor.page.locator("#session-count")).to_have_text(
        "You're signed in on 2 devices, including this one."
    )
    await expect(events_of(visitor)).to_have_text(
        [re.compile(f"^{words}") for words in ("Signed in", "Failed sign-in", "Signed in", "Account created")]
    )
    await visitor.check()


@pytest.mark.phone_too
async def test_the_ways_lead_to_the_other_pages(signed_in: Visitor) -> None:
    await signed_in.open("/dashboard")
    ways = signed_in.page.get_by_role("navigation", name="Account")
    for name, path in (("Security", "/settings/security"), ("Overview", "/dashboard")):
        await ways.get_by_role("link", name=name).click()
        await signed_in.at(path)
        await expect(signed_in.page.get_by_role("heading", level=1)).to_have_text(name)
        await expect(ways.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")


async def test_only_a_frame_stands_there_until_the_account_is_read(
    signed_in: Visitor, person: Person
) -> None:
    wire = await InterceptedWebsocket.between(signed_in)
    wire.hold()
    await signed_in.load("/dashboard")
    await expect(signed_in.page.locator("#skeleton")).to_be_visible()
    await expect(signed_in.page.locator(".overview")).to_have_attribute("aria-busy", "true")
    await expect(signed_in.page.get_by_text("Loading your account…")).to_have_count(1)
    assert person.email not in await signed_in.page.content()
    await signed_in.check()
    wire.release()
    await at_overview(signed_in)
    await expect(signed_in.page.locator(".overview")).to_have_attribute("aria-busy", "false")


async def test_a_failure_offers_to_try_again(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await person.come_in(visitor)
    with missing(brittle_server, "audit_log"):
        await visitor.open("/dashboard")
        heading = visitor.page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("We couldn't load this page")
        await visitor.check()
    await visitor.page.get_by_role("button", name="Try again").click()
    await at_overview(visitor)
