"""Sessions that begin and end: in this tab, in another, in another browser."""

from typing import Any, cast
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import ENDED, EVERYWHERE, GO_ON, alert_of, button_of, notice_of
from tests.journeys.person import Person, at_overview
from tests.journeys.recording import recorded
from tests.support.browser.visitor import Device, Visitor


async def sign_out(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    await visitor.at("/login")


async def sign_out_everywhere(visitor: Visitor) -> None:
    await visitor.page.locator("summary").click()
    await visitor.page.get_by_role("button", name="Yes, sign out everywhere").click()


@pytest.mark.phone_too
async def test_signing_out_says_so_and_takes_the_cookie(signed_in: Visitor) -> None:
    await signed_in.open("/dashboard")
    await sign_out(signed_in)
    await expect(notice_of(signed_in)).to_have_text("You're signed out.")
    await expect(alert_of(signed_in)).to_be_empty()
    await signed_in.check()
    assert await signed_in.cookie("autograph_session") is None
    await signed_in.open("/dashboard")
    await signed_in.at("/login?next=%2Fdashboard")
    await expect(notice_of(signed_in)).to_be_empty()


async def test_a_stolen_cookie_is_worth_nothing_after_signing_out(
    signed_in: Visitor, visit: Visit, device: Device, person: Person
) -> None:
    cookies = await signed_in.context.cookies()
    thief = await visit(device)
    await thief.context.add_cookies(cast(Any, cookies))
    await signed_in.open("/dashboard")
    await sign_out(signed_in)
    async with recorded(thief) as seen:
        await thief.load("/dashboard")
        await thief.at("/login?next=%2Fdashboard")
        await expect(notice_of(thief)).to_have_text(ENDED)
    assert person.email not in seen.text


async def test_signing_out_everywhere_asks_first(signed_in: Visitor) -> None:
    await signed_in.open("/dashboard")
    await signed_in.page.locator("summary").click()
    await signed_in.check()
    await signed_in.page.get_by_role("button", name="Cancel").click()
    await expect(signed_in.page.locator("summary")).to_be_focused()
    await expect(signed_in.page.get_by_role("button", name="Yes, sign out everywhere")).to_be_hidden()
    await at_overview(signed_in)


async def test_signing_out_everywhere_reaches_other_browsers(
    visit: Visit, device: Device, person: Person
) -> None:
    here, there = await visit(device), await visit(device)
    await person.come_in(here)
    await person.come_back(there)
    await there.open("/dashboard")
    await here.open("/dashboard")
    await expect(here.page.locator("#session-count")).to_have_attribute("data-count", "2")
    await sign_out_everywhere(here)
    await here.at("/login?ended=all")
    await expect(notice_of(here)).to_have_text(EVERYWHERE)
    await here.check()

    await there.at("/login?ended=1&next=/dashboard")
    await expect(notice_of(there)).to_have_text(EVERYWHERE)
    await there.check()
    await person.sign_in(there)
    await expect(there.page.locator("#session-count")).to_have_attribute("data-count", "1")


async def test_a_session_that_ended_in_another_tab_is_over(signed_in: Visitor, person: Person) -> None:
    await signed_in.open("/dashboard")
    other = await signed_in.tab()
    await other.open("/dashboard")
    await sign_out(other)
    await signed_in.at("/login?ended=1&next=/dashboard")
    # The other tab removed the cookie, and a reason that only the address claims is not shown.
    await expect(notice_of(signed_in)).to_have_text(GO_ON)
    await person.sign_in(signed_in)


@pytest.mark.parametrize("word", ["1", "all", "account_deleted", "session_ended", "x"])
async def test_an_address_alone_gives_no_reason(visit: Visit, word: str) -> None:
    visitor = await visit()
    await visitor.open(f"/login?ended={word}")
    await expect(notice_of(visitor)).to_have_text(GO_ON)


async def test_signing_in_at_one_tab_is_enough(visit: Visit, device: Device, member: Person) -> None:
    visitor = await visit(device)
    other = await visitor.tab()
    await visitor.open("/dashboard")
    await other.open("/dashboard")
    await member.sign_in(visitor)
    await other.at("/login?next=%2Fdashboard")
    await other.page.reload()
    await at_overview(other)


async def test_a_second_sign_in_from_a_waiting_tab_works(
    visit: Visit, device: Device, member: Person
) -> None:
    visitor = await visit(device)
    other = await visitor.tab()
    for tab in (visitor, other):
        await tab.open("/login")
    await member.sign_in(visitor)
    await member.fill_in(other)
    await button_of(other).click()
    await at_overview(other)


async def test_back_after_signing_out_shows_nothing(signed_in: Visitor, person: Person) -> None:
    await signed_in.open("/dashboard")
    await at_overview(signed_in)
    await sign_out(signed_in)
    async with recorded(signed_in) as seen:
        await signed_in.page.go_back()
        await signed_in.at("/login?next=%2Fdashboard")
        await signed_in.connected()
    assert person.email not in seen.text
    assert "Recent activity" not in seen.text


@pytest.mark.parametrize("path", ["/dashboard", "/settings/security"])
async def test_a_protected_page_never_flashes(visitor: Visitor, path: str) -> None:
    there = f"/login?next={quote(path, safe='')}"
    async with recorded(visitor) as seen:
        await visitor.open(path)
        await visitor.at(there)
    first = seen.documents[0]
    assert (first.status, first.url) == (303, visitor.base_url + path)
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["content-length"] == "0"
    assert [answer.status for answer in seen.documents[1:]] == [200]
    assert seen.documents[1].url == visitor.base_url + there
    assert "Sign in" in seen.text
    for word in ("Overview", "Security", "Recent activity", "Loading your account", "Sign out"):
        assert word not in seen.text
