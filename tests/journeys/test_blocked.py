"""A browser or a network that blocks part of a page: the page says so, and the rest works."""

import re

from playwright.async_api import WebSocketRoute, expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import button_of, email_of, password_of
from tests.journeys.person import Person, at_overview
from tests.support.browser.visitor import Visitor

LATE = 14_000  # ten seconds, and what the machine needs for everything else
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {
    configurable: true, get() { throw new DOMException("no", "SecurityError"); } });
"""
NO_COOKIES = "Object.defineProperty(Navigator.prototype, 'cookieEnabled', { get: () => false });"


async def block_websockets(visitor: Visitor) -> None:
    """Make every websocket fail, as behind a proxy that does not forward them."""

    async def refused(socket: WebSocketRoute) -> None:
        await socket.close(code=1006, reason="")

    visitor.allow("WebSocket", "websocket error")
    await visitor.own_context.route_web_socket(re.compile("/_event"), refused)


async def test_a_page_without_websocket_says_so_and_its_form_works(visit: Visit, member: Person) -> None:
    visitor = await visit()
    visitor.allow("400", "401")  # the request that checks whether the address is at fault
    await block_websockets(visitor)
    await visitor.load("/login")
    trouble = visitor.page.locator("#trouble p")
    await expect(trouble).to_contain_text("Live updates are blocked", timeout=LATE)

    await email_of(visitor).fill(member.email)
    await password_of(visitor).fill("gravel harbour 0 violas")
    await button_of(visitor).click()
    await expect(trouble).to_contain_text("Wrong email or password")

    await email_of(visitor).fill(member.email)
    await password_of(visitor).fill(member.password)
    await button_of(visitor).click()
    await visitor.at("/dashboard")
    await expect(trouble).to_contain_text("signing out", timeout=LATE)


async def test_a_browser_without_storage_shows_the_page_and_signs_in(visit: Visit, member: Person) -> None:
    visitor = await visit()
    await visitor.own_context.add_init_script(NO_STORAGE)
    await visitor.open("/login")
    await email_of(visitor).fill(member.email)
    await password_of(visitor).fill(member.password)
    await button_of(visitor).click()
    await at_overview(visitor)


async def test_a_browser_without_cookies_is_told_before_anything_is_typed(visit: Visit) -> None:
    visitor = await visit()
    await visitor.own_context.add_init_script(NO_COOKIES)
    await visitor.open("/login")
    await expect(visitor.page.locator("#trouble p")).to_contain_text("blocks cookies")
