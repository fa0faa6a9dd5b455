"""What can go wrong: addresses that lead nowhere, a faulty server, no connection."""

import re
from collections.abc import Generator

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import banner_of, button_of, email_of, password_of
from tests.journeys.person import Person, at_overview
from tests.journeys.server_state import forget_everything_cached, missing
from tests.support.browser.visitor import DESKTOP, Device, Visitor
from tests.support.servers.live_server import LiveServer

# The messages of a browser without a connection.
NO_CONNECTION = (
    r"WebSocket connection to .* failed",
    r"ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED)",
    "websocket error",
)
SILENT_MS = 20_000
"""A page considers its connection lost ten seconds after it last received anything."""


@pytest.fixture
def mortal_server(brittle_server: LiveServer) -> Generator[LiveServer]:
    """A server to be stopped and started at will; the next test finds it running."""
    yield brittle_server
    if not brittle_server.is_ready():
        brittle_server.kill()
        brittle_server.start()


@pytest.mark.parametrize("path", ["/nothing-here", "/nothing/below/here", "/404", "/login.html", "/.env"])
async def test_an_address_that_leads_nowhere_leads_back(visitor: Visitor, path: str) -> None:
    visitor.allow("404")
    response = await visitor.load(path)
    assert response.status == 404
    if path == "/login.html":
        return
    await visitor.connected()
    await expect(visitor.page).to_have_title("Page not found · AutoGraph")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Page not found")
    await visitor.check()
    await visitor.page.get_by_role("link", name="Go to home page").click()
    await visitor.at("/")


async def test_the_error_page_owns_up_and_leads_back(visitor: Visitor) -> None:
    await visitor.load("/error")
    await expect(visitor.page).to_have_title("Something went wrong · AutoGraph")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Something went wrong")
    await visitor.check()
    await visitor.page.get_by_role("link", name="Go to home page").click()
    await visitor.at("/")


async def test_a_page_that_fails_on_the_server_can_be_tried_again(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    visitor.allow("503")
    await person.come_in(visitor)
    forget_everything_cached(brittle_server)
    with missing(brittle_server, "sessions"):
        response = await visitor.load("/dashboard")
        assert response.status == 503
        assert "Traceback" not in await response.text()
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Something went wrong")
        await visitor.at("/dashboard")
        await visitor.check()
    await visitor.page.get_by_role("button", name="Try again").click()
    await at_overview(visitor)


@pytest.mark.phone_too
async def test_offline_is_said_and_nothing_typed_is_lost(visitor: Visitor, member: Person) -> None:
    visitor.allow(*NO_CONNECTION)
    await visitor.open("/login")
    await expect(banner_of(visitor)).to_be_hidden()
    await email_of(visitor).fill(member.email)
    await visitor.context.set_offline(True)
    await expect(banner_of(visitor)).to_be_visible()
    await visitor.check()
    await password_of(visitor).fill(member.password)
    await button_of(visitor).click()
    await expect(button_of(visitor)).to_have_text("Sign in")
    await expect(email_of(visitor)).to_have_value(member.email)
    await expect(password_of(visitor)).to_have_value(member.password)

    await visitor.context.set_offline(False)
    await expect(banner_of(visitor)).to_be_hidden()
    await expect(password_of(visitor)).to_have_value(member.password)
    await button_of(visitor).click()
    await at_overview(visitor)


async def test_offline_does_not_replay_what_cannot_be_undone(signed_in: Visitor) -> None:
    signed_in.allow(*NO_CONNECTION)
    await signed_in.open("/dashboard")
    await signed_in.page.locator("summary").click()
    await signed_in.context.set_offline(True)
    await expect(banner_of(signed_in)).to_be_visible()
    await signed_in.page.get_by_role("button", name="Yes, sign out everywhere").click()
    await signed_in.context.set_offline(False)
    await expect(banner_of(signed_in)).to_be_hidden()
    await signed_in.page.reload()
    await at_overview(signed_in)


async def test_a_server_that_goes_away_is_missed_and_welcomed_back(
    visit: Visit, person: Person, mortal_server: LiveServer
) -> None:
    person.join(mortal_server)
    visitor, signed_in = await visit(DESKTOP, mortal_server), await visit(DESKTOP, mortal_server)
    for one in (visitor, signed_in):
        one.allow(*NO_CONNECTION)
    await person.come_back(signed_in)
    await signed_in.open("/dashboard")
    await visitor.open("/login")
    await person.fill_in(visitor)
    mortal_server.stop()
    for one in (visitor, signed_in):
        await expect(banner_of(one)).to_be_visible(timeout=SILENT_MS)
    await visitor.check("light")
    mortal_server.start()
    for one in (visitor, signed_in):
        await expect(banner_of(one)).to_be_hidden(timeout=30_000)
    await expect(email_of(visitor)).to_have_value(person.email)
    await expect(password_of(visitor)).to_have_value(person.password)
    await button_of(visitor).click()
    await at_overview(visitor)

    # The restart did not sign the user out.
    await signed_in.page.reload()
    await at_overview(signed_in)


async def test_a_network_that_drops_everything_is_missed_too(
    visit: Visit, person: Person, mortal_server: LiveServer
) -> None:
    visitor = await visit(DESKTOP, mortal_server)
    visitor.allow(*NO_CONNECTION)
    await visitor.open("/login")
    # Nothing fails then: connections stay open, and new ones are accepted, but there are no responses.
    frozen = mortal_server.family()
    for process in frozen:
        process.suspend()
    await person.fill_in(visitor)
    await expect(banner_of(visitor)).to_be_visible(timeout=SILENT_MS)
    for process in frozen:
        process.resume()
    await expect(banner_of(visitor)).to_be_hidden(timeout=30_000)
    await expect(email_of(visitor)).to_have_value(person.email)
    await expect(password_of(visitor)).to_have_value(person.password)


async def test_a_crash_signs_nobody_out(visit: Visit, person: Person, mortal_server: LiveServer) -> None:
    visitor = await visit(DESKTOP, mortal_server)
    visitor.allow(*NO_CONNECTION)
    await person.register(visitor)
    mortal_server.kill_workers()
    await visitor.page.reload()
    await at_overview(visitor)
    mortal_server.kill()
    mortal_server.start()
    await visitor.page.reload()
    await at_overview(visitor)
    await expect(visitor.page.locator("#activity").get_by_role("listitem")).to_have_text(
        [re.compile("^Signed in"), re.compile("^Account created")]
    )


@pytest.mark.parametrize("has_navigation", [True, False], ids=["navigation", "no navigation"])
async def test_a_tab_of_the_version_before_goes_to_the_page_that_was_asked_for(
    visit: Visit, has_navigation: bool
) -> None:
    visitor = await visit(fresh=True)
    page, loads = visitor.own_page, list[str]()
    if not has_navigation:
        await visitor.own_page.add_init_script("delete Window.prototype.navigation; delete window.navigation")
    await visitor.open("/login")
    visitor.allow("404", "Error loading route module", "dynamically imported module")
    await visitor.own_page.route(
        "**/assets/_password-reset_*", lambda route: route.fulfill(status=404), times=1
    )
    visitor.own_page.on(
        "request", lambda asked: loads.append(asked.url) if asked.is_navigation_request() else None
    )
    await page.get_by_role("link", name="Forgot password?").click()
    await expect(page).to_have_title("Forgot your password? · AutoGraph")
    await visitor.at("/password-reset")
    await visitor.connected()
    there = [f"{visitor.base_url}/password-reset"]
    assert loads == (there if has_navigation else [f"{visitor.base_url}/login", *there])


async def test_a_reload_by_hand_stays_where_one_is(visitor: Visitor) -> None:
    await visitor.open("/login")
    await visitor.page.get_by_role("link", name="Forgot password?").click()
    await visitor.at("/password-reset")
    await visitor.page.reload()
    await visitor.connected()
    await visitor.at("/password-reset")
