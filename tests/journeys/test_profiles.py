"""The journeys' own browser profiles: a test that gets one finds nothing of the tests before it."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.journeys.person import Person, at_overview
from tests.support.browser.profiles import Browsers, ProfilePool
from tests.support.browser.visitor import Visitor
from tests.support.servers.live_server import LiveServer

_STORED = "() => [document.cookie, localStorage.length, sessionStorage.length, window.name, history.length]"
_PERMISSION = "async () => (await navigator.permissions.query({ name: 'clipboard-read' })).state"
# What cannot be undone: it has to use `own_page` and `own_context`.
_LEAVES_SOMETHING = re.compile(
    r"(?<!own_)\b(page|context)\.(on|once|route\w*|add_init_script|expose_\w+|clock|set_default_\w+)\b"
)


@pytest_asyncio.fixture(loop_scope="session")
async def lent(browser: Browser, live_server: LiveServer, person: Person) -> AsyncGenerator[Visitor]:
    """A profile that a user with an account has just returned to the pool."""
    browsers = Browsers(browser, ProfilePool())
    before = await browsers.visitor(live_server)
    await before.context.grant_permissions(["clipboard-read"])
    await person.come_in(before)
    await before.open("/dashboard")
    await at_overview(before)
    await before.page.evaluate("() => { localStorage.setItem('theme', 'dark'); window.name = 'north'; }")
    await (await before.tab()).open("/settings/security")
    await before.context.set_offline(True)
    before.allow("offline")
    await browsers.close(clean=True)
    visitor = await browsers.visitor(live_server)
    assert visitor.context is before.context, "this test is about a profile that is lent again"
    yield visitor
    await browsers.close()


async def test_the_next_one_has_no_storage_no_permission_and_no_past(lent: Visitor) -> None:
    assert len(lent.context.pages) == 1
    assert await lent.context.cookies() == []
    assert await lent.page.evaluate(_STORED) == ["", 0, 0, "", 1]
    assert await lent.page.evaluate(_PERMISSION) == "prompt"
    assert not lent.complaints.allowed


async def test_the_next_one_is_shown_nothing_private(lent: Visitor, person: Person) -> None:
    await lent.load("/dashboard")
    await lent.at("/login?next=%2Fdashboard")
    await lent.connected()
    await expect(lent.page.locator("html")).not_to_have_class(re.compile("dark"))
    assert person.email not in await lent.page.content()


async def test_a_profile_with_something_left_in_it_is_not_lent_again(
    browser: Browser, live_server: LiveServer
) -> None:
    browsers = Browsers(browser, ProfilePool())
    marked = await browsers.visitor(live_server)
    marked.own_page.on("request", lambda request: None)
    context = marked.context
    await browsers.close(clean=True)
    assert (await browsers.visitor(live_server)).context is not context
    await browsers.close()


async def test_no_journey_leaves_anything_in_a_profile_unsaid() -> None:
    said = {
        f"{file.name}:{number}": line.strip()
        for file in sorted(Path(__file__).parent.glob("*.py"))
        if file.name != Path(__file__).name
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if _LEAVES_SOMETHING.search(line)
    }
    assert not said, "say own_page or own_context"


async def test_the_pattern_finds_what_cannot_be_undone() -> None:
    assert _LEAVES_SOMETHING.search('await visitor.page.route("**", nothing)')
    assert not _LEAVES_SOMETHING.search('await visitor.own_page.route("**", nothing)')
