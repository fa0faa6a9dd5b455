"""Redis or the server freezes or fails during a submission: the page says so and continues by itself."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest_asyncio
from playwright.async_api import Locator, expect

from autograph_web.infra.redis.embedded import EmbeddedRedis
from tests.journeys.conftest import Visit
from tests.journeys.forms import button_of
from tests.journeys.person import Person, at_overview
from tests.journeys.test_bound_tabs import TYPED, heard_by, type_email
from tests.support.browser.visitor import DESKTOP, Visitor
from tests.support.servers.dependencies import RedisPart
from tests.support.servers.live_server import LiveServer

WITHIN = 11_000  # the documented ten seconds, and what the machine needs for everything else
RECOVERED = 20_000
UNAVAILABLE, NO_ANSWER, BACK = "is unavailable right now", "no answer yet", "The connection is back"
NOISE = ("503", "WebSocket", "websocket error", "ERR_")


class OpenPages:
    """Three pages: a sign-in and a new address, both ready to be sent, and one opened during the outage."""

    def __init__(self, signing_in: Visitor, moving: Visitor, late: Visitor, person: Person) -> None:
        self.signing_in, self.moving, self.late, self.person = signing_in, moving, late, person

    async def send(self) -> None:
        """Send both forms and open the page."""
        for visitor in (self.signing_in, self.moving):
            await button_of(visitor).click()
        await self.late.load("/login")

    async def hear(self, words: str, *visitors: Visitor) -> None:
        for visitor in visitors or (self.signing_in, self.moving, self.late):
            await expect(trouble_of(visitor)).to_contain_text(words, timeout=WITHIN)
            await expect(trouble_of(visitor)).to_be_visible()

    async def arrive(self) -> None:
        """Both forms had their effect, and the page opened during the outage works."""
        await at_overview(self.signing_in)
        await expect(self.moving.page.get_by_text("We sent a link to new.")).to_be_visible()
        await expect(self.late.page.locator("#signals")).to_have_attribute(
            "data-ready", "true", timeout=RECOVERED
        )
        for visitor in (self.signing_in, self.moving, self.late):
            await expect(trouble_of(visitor)).to_be_hidden()


def trouble_of(visitor: Visitor) -> Locator:
    return visitor.page.locator("#trouble p")


@pytest_asyncio.fixture(loop_scope="session")
async def pages(visit: Visit, person: Person, brittle_server: LiveServer) -> OpenPages:
    signing_in, moving, late = [await visit(DESKTOP, brittle_server) for _ in range(3)]
    for visitor in (signing_in, moving, late):
        visitor.allow(*NOISE)
    await person.come_in(moving)
    await moving.open("/settings/account")
    await moving.page.get_by_role("button", name="Change email").click()
    await moving.page.get_by_label("New email").fill(f"new.{person.email}")
    await signing_in.open("/login")
    await person.fill_in(signing_in)
    return OpenPages(signing_in, moving, late, person)


@pytest_asyncio.fixture(loop_scope="session")
async def redis(brittle_server: LiveServer) -> AsyncGenerator[RedisPart]:
    """The Redis of the server; afterwards the server has one that it started itself."""
    server = EmbeddedRedis(brittle_server.data_dir).start()  # found, not started
    part = RedisPart(server)
    yield part
    if part.was_started:
        brittle_server.stop()
        server.stop()
        brittle_server.start()


async def test_a_redis_that_is_silent_is_told_and_what_was_sent_goes_on_by_itself(
    pages: OpenPages, redis: RedisPart
) -> None:
    with redis.frozen():
        await pages.send()
        await pages.hear(UNAVAILABLE)
    await pages.arrive()


async def test_a_redis_that_is_gone_is_told_and_what_was_sent_can_be_sent_again(
    pages: OpenPages, redis: RedisPart
) -> None:
    await redis.kill()
    await pages.send()
    await pages.hear(UNAVAILABLE)
    await redis.start()
    await pages.hear(BACK, pages.signing_in, pages.moving)
    for visitor in (pages.signing_in, pages.moving):
        await button_of(visitor).click()
    await pages.arrive()


async def test_a_tab_that_connects_meanwhile_is_its_browsers_afterwards(
    brittle_server: LiveServer, redis: RedisPart
) -> None:
    tab, own, other = str(uuid4()), "a" * 43, "b" * 43
    await type_email(brittle_server, tab, own, TYPED)
    with redis.frozen():
        both = [asyncio.create_task(heard_by(brittle_server, tab, browser)) for browser in (other, own)]
        await asyncio.sleep(1)
    strange, familiar = await asyncio.gather(*both)
    assert TYPED not in strange
    assert TYPED in familiar


async def test_a_socket_that_is_silent_is_told_whatever_was_clicked(
    visit: Visit, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(DESKTOP, brittle_server)
    visitor.allow(*NOISE)
    await person.come_in(visitor)
    await visitor.open("/settings/account")
    change = visitor.page.get_by_role("button", name="Change email")
    brittle_server.pause()
    try:
        await change.click()
        await expect(trouble_of(visitor)).to_contain_text(NO_ANSWER, timeout=WITHIN)
    finally:
        brittle_server.resume()
    await expect(visitor.page.get_by_label("New email")).to_be_visible()
    await expect(trouble_of(visitor)).to_be_hidden()
