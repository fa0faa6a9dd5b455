"""The forms without JavaScript, or before it has loaded."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import MISMATCH, alert_of, button_of, email_of, password_of, said_by
from tests.journeys.person import WRONG, Person, at_overview
from tests.support.browser.visitor import Device, Visitor

NEEDS_SCRIPT = "button.needs-js"


async def test_an_account_can_be_created_without_it(visit: Visit, device: Device, person: Person) -> None:
    visitor = await visit(device, javascript=False)
    await visitor.load("/register")
    await expect(visitor.page.locator(NEEDS_SCRIPT).first).to_be_hidden()
    assert await visitor.overflow() <= 0
    await person.fill_in(visitor)
    await button_of(visitor).click()
    await visitor.at("/dashboard")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Overview")
    assert await visitor.cookie("autograph_session")


@pytest.mark.phone_too
async def test_signing_in_and_out_works_without_it(visit: Visit, device: Device, member: Person) -> None:
    visitor = await visit(device, javascript=False)
    await visitor.load("/dashboard")
    await visitor.at("/login?next=%2Fdashboard")
    await member.fill_in(visitor)
    await visitor.page.get_by_label("Keep me signed in").check()
    await button_of(visitor).click()
    await visitor.at("/dashboard")
    assert (await visitor.cookie("autograph_session"))["expires"] > 0
    await visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(said_by(visitor)).to_have_text("You're signed out.")
    await visitor.at("/login")
    assert await visitor.cookie("autograph_session") is None


async def test_a_wrong_password_is_explained_without_it(visit: Visit, device: Device, member: Person) -> None:
    visitor = await visit(device, javascript=False)
    await visitor.load("/login")
    await member.fill_in(visitor, WRONG)
    await button_of(visitor).click()
    await expect(said_by(visitor)).to_have_text(MISMATCH)
    await visitor.at("/login?next=%2Fdashboard")
    assert await visitor.cookie("autograph_session") is None
    assert await visitor.overflow() <= 0
    await member.fill_in(visitor)
    await button_of(visitor).click()
    await visitor.at("/dashboard")


async def test_a_user_without_the_role_can_switch_accounts_without_javascript(
    visit: Visit, member: Person
) -> None:
    visitor = await visit(javascript=False)
    await visitor.load("/login")
    await member.fill_in(visitor)
    await button_of(visitor).click()
    await visitor.at("/dashboard")
    visitor.allow("403")
    await visitor.load("/admin")
    await visitor.page.get_by_role("button", name="Use a different account").click()
    await expect(said_by(visitor)).to_have_text("You're signed out.")
    assert await visitor.cookie("autograph_session") is None


async def test_what_an_account_cannot_be_created_with_is_explained_without_it(
    visit: Visit, member: Person
) -> None:
    visitor = await visit(javascript=False)
    await visitor.load("/register")
    await expect(said_by(visitor)).to_have_count(0)
    for person, words in (
        (Person("no address", member.password), "Enter a valid email address, like name@example.com."),
        (Person(member.email, "violin"), "That password is too short."),
        (member, "There's already an account with that email. Sign in instead."),
    ):
        await person.fill_in(visitor)
        await button_of(visitor).click()
        await expect(said_by(visitor)).to_have_text(words)
    assert await visitor.cookie("autograph_session") is None


async def test_the_way_to_a_new_password_is_explained_without_it(visit: Visit, member: Person) -> None:
    visitor = await visit(javascript=False)
    await visitor.load("/password-reset")
    await email_of(visitor).fill(member.email)
    await button_of(visitor).click()
    await expect(said_by(visitor)).to_have_text("If there's an account for that email, we've sent a link.")

    await visitor.load("/password-reset/confirm")
    await visitor.page.locator("#scriptless-link").fill("x" * 43)
    await visitor.page.locator(".scriptless").get_by_role("button", name="Continue").click()
    await expect(said_by(visitor)).to_contain_text("That link isn't valid.")


class Delay:
    """Delays the scripts of a page, except the small one that works alone."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        await self._over.wait()
        await route.continue_()

    def end(self) -> None:
        self._over.set()


async def slow(visitor: Visitor) -> Delay:
    """Delay the scripts of the pages of `visitor`."""
    delay = Delay()
    await visitor.own_page.route("**/assets/*.js", delay)
    return delay


@pytest.mark.parametrize("page", ["/login", "/register"])
async def test_a_form_sent_before_the_page_is_alive_works(
    visitor: Visitor, person: Person, page: str, request: pytest.FixtureRequest
) -> None:
    if page == "/login":
        request.getfixturevalue("member")
    delay = await slow(visitor)
    await visitor.page.goto(visitor.base_url + page, wait_until="commit")
    await person.fill_in(visitor)
    await button_of(visitor).click()
    await visitor.page.wait_for_url("**/dashboard", wait_until="commit")
    delay.end()
    await at_overview(visitor)


async def test_the_wanted_page_comes_even_then(visitor: Visitor, member: Person) -> None:
    delay = await slow(visitor)
    await visitor.page.goto(visitor.base_url + "/dashboard?from=letter", wait_until="commit")
    await member.fill_in(visitor)
    await button_of(visitor).click()
    await visitor.page.wait_for_url("**/dashboard?from=letter", wait_until="commit")
    delay.end()


async def test_a_refusal_is_explained_once_the_page_is_alive(visitor: Visitor, member: Person) -> None:
    delay = await slow(visitor)
    await visitor.page.goto(visitor.base_url + "/login", wait_until="commit")
    await member.fill_in(visitor, WRONG)
    await button_of(visitor).click()
    await visitor.page.wait_for_url("**/login?next=*", wait_until="commit")
    delay.end()
    await expect(alert_of(visitor)).to_have_text(MISMATCH)
    await expect(email_of(visitor)).to_have_value(member.email)
    await visitor.check()
    await visitor.page.reload()
    await visitor.connected()
    await expect(alert_of(visitor)).to_be_empty()


@pytest.mark.parametrize("page", ["/login", "/register"])
async def test_what_was_typed_early_is_kept(visitor: Visitor, person: Person, page: str) -> None:
    delay = await slow(visitor)
    await visitor.page.goto(visitor.base_url + page, wait_until="commit")
    await person.fill_in(visitor)
    delay.end()
    await visitor.connected()
    await expect(email_of(visitor)).to_have_value(person.email)
    await expect(password_of(visitor)).to_have_value(person.password)
