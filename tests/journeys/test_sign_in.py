"""Signing in on the page."""

from urllib.parse import quote

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import CHECK_FIELD, MISMATCH, alert_of, button_of, email_of, password_of
from tests.journeys.person import WRONG, Person, at_overview
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.visitor import Device, Visitor
from tests.support.servers.live_server import LiveServer

THIRTY_DAYS = 30 * 86_400


async def test_the_form_waits_for_somebody(visitor: Visitor) -> None:
    await visitor.open("/login")
    await expect(visitor.page).to_have_title("Sign in · AutoGraph")
    await expect(email_of(visitor)).to_have_attribute("autocomplete", "username")
    await expect(password_of(visitor)).to_have_attribute("autocomplete", "current-password")
    await expect(visitor.page.get_by_label("Keep me signed in")).not_to_be_checked()
    await expect(alert_of(visitor)).to_be_empty()
    await visitor.check()


@pytest.mark.phone_too
async def test_the_right_password_leads_to_the_overview(visitor: Visitor, member: Person) -> None:
    await visitor.open("/login")
    await member.sign_in(visitor)
    await expect(visitor.page).to_have_title("Overview · AutoGraph")


async def test_an_empty_form_says_what_is_missing(visitor: Visitor, member: Person) -> None:
    await visitor.open("/login")
    await button_of(visitor).click()
    await expect(alert_of(visitor)).to_have_text(CHECK_FIELD)
    await expect(email_of(visitor)).to_have_accessible_description("Enter your email.")
    await expect(email_of(visitor)).to_have_attribute("aria-invalid", "true")
    await expect(email_of(visitor)).to_be_focused()
    await visitor.check()

    await email_of(visitor).fill(member.email)
    await button_of(visitor).click()
    await expect(password_of(visitor)).to_have_accessible_description("Enter your password.")
    await expect(password_of(visitor)).to_be_focused()
    await expect(email_of(visitor)).to_have_attribute("aria-invalid", "false")
    await expect(email_of(visitor)).to_have_value(member.email)

    await password_of(visitor).fill(member.password)
    await button_of(visitor).click()
    await at_overview(visitor)


async def test_a_wrong_password_keeps_the_email_and_asks_again(visitor: Visitor, member: Person) -> None:
    await visitor.open("/login")
    await member.try_to_sign_in(visitor)
    await expect(alert_of(visitor)).to_have_text(MISMATCH)
    await expect(email_of(visitor)).to_have_value(member.email)
    await expect(password_of(visitor)).to_be_focused()
    for field in (email_of(visitor), password_of(visitor)):
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_accessible_description(MISMATCH)
    await expect(button_of(visitor)).to_have_text("Sign in")
    await visitor.check()

    await member.sign_in(visitor)


async def test_the_same_mistake_twice_is_said_twice(visitor: Visitor, member: Person) -> None:
    await visitor.open("/login")
    await member.try_to_sign_in(visitor)
    await expect(password_of(visitor)).to_be_focused()
    await button_of(visitor).focus()
    await visitor.page.keyboard.press("Enter")
    await expect(password_of(visitor)).to_be_focused()
    await expect(alert_of(visitor)).to_have_text(MISMATCH)


async def test_an_unknown_email_is_told_nothing_else(visit: Visit, person: Person, member: Person) -> None:
    pages: list[str] = []
    for email in (member.email, "nobody.knows@northwind.dev"):
        visitor = await visit()
        await visitor.open("/login")
        await Person(email, WRONG).try_to_sign_in(visitor, WRONG)
        await expect(alert_of(visitor)).to_have_text(MISMATCH)
        await expect(password_of(visitor)).to_be_focused()
        pages.append((await visitor.page.locator("main").inner_html()).replace(email, "…"))
    assert pages[0] == pages[1]


async def test_the_password_can_be_looked_at(visitor: Visitor) -> None:
    await visitor.open("/login")
    await password_of(visitor).fill("ink on graph paper")
    await visitor.page.get_by_role("button", name="Show password").click()
    await expect(password_of(visitor)).to_have_attribute("type", "text")
    await expect(password_of(visitor)).to_have_value("ink on graph paper")
    hide = visitor.page.get_by_role("button", name="Hide password")
    await expect(hide).to_have_attribute("aria-pressed", "true")
    await visitor.check()
    await hide.click()
    await expect(password_of(visitor)).to_have_attribute("type", "password")


async def test_being_remembered_takes_a_cookie_of_thirty_days(visitor: Visitor, member: Person) -> None:
    await visitor.open("/login")
    await visitor.page.get_by_label("Keep me signed in").check()
    async with visitor.page.expect_response("**/session/claim") as claimed:
        await member.sign_in(visitor)
    given = await (await claimed.value).header_values("set-cookie")
    assert f"Max-Age={THIRTY_DAYS}" in next(one for one in given if one.startswith("autograph_session"))


async def test_otherwise_the_cookie_goes_with_the_browser(visitor: Visitor, member: Person) -> None:
    await visitor.open("/login")
    await member.sign_in(visitor)
    assert (await visitor.cookie("autograph_session"))["expires"] == -1


async def test_the_page_somebody_wanted_comes_afterwards(visitor: Visitor, member: Person) -> None:
    await visitor.open("/dashboard?from=letter")
    await visitor.at("/login?next=%2Fdashboard%3Ffrom%3Dletter")
    await member.fill_in(visitor)
    await button_of(visitor).click()
    await visitor.at("/dashboard?from=letter")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "/%09/evil.example/",
        "\t//evil.example",
        "/login",
    ],
)
async def test_nobody_is_sent_to_another_site(visit: Visit, member: Person, elsewhere: str) -> None:
    visitor = await visit()
    visitor.allow("404") if "%09" in elsewhere else None
    with visitor.asked_for() as left:
        await visitor.open(f"/login?next={quote(elsewhere, safe='')}")
        await member.fill_in(visitor)
        await button_of(visitor).click()
        await visitor.page.wait_for_url(lambda url: "/login" not in url)
        await visitor.page.wait_for_load_state()
    assert visitor.page.url.startswith(f"{visitor.base_url}/")
    assert any(url.startswith(f"{visitor.base_url}/login") for url in left)
    assert not [url for url in left if not url.startswith((visitor.base_url, "data:", "blob:"))]


async def test_too_many_tries_count_down_and_end(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    person.join(brittle_server)
    visitor = await visit(device, brittle_server)
    await visitor.open("/login")
    for tries in ("1", "2"):
        await person.try_to_sign_in(visitor)
        await expect(visitor.page.locator("#sign-in-form")).to_have_attribute("data-answers", tries)
    await person.try_to_sign_in(visitor)
    box = visitor.page.locator("#form-alert .box")
    await expect(box).to_contain_text("Too many attempts. Try again in ")
    await expect(alert_of(visitor)).to_be_focused()
    await expect(button_of(visitor)).to_be_disabled()
    await expect(email_of(visitor)).to_have_value(person.email)
    clock = visitor.page.locator(".clock")
    first = await clock.inner_text()
    await expect(clock).not_to_have_text(first)
    await visitor.check("light")

    await expect(box).to_contain_text("You can try again now.")
    await expect(box.get_by_text("You can try again now.")).to_be_visible()
    await expect(button_of(visitor)).to_be_enabled()
    await visitor.check()
    await person.sign_in(visitor)


async def test_waiting_is_shown_and_repeats_are_ignored(visitor: Visitor, member: Person) -> None:
    wire = await InterceptedWebsocket.between(visitor)
    await visitor.open("/login")
    await member.fill_in(visitor)
    wire.hold_after('"pending')
    await button_of(visitor).click()
    await expect(button_of(visitor)).to_have_text("Signing in…")
    await expect(visitor.page.locator("#sign-in-form")).to_have_attribute("aria-busy", "true")
    await visitor.check()
    for _ in range(3):
        await button_of(visitor).click()
    await password_of(visitor).press("Enter")
    assert wire.sent("sign_in_state.submit") == 1
    wire.release()
    await at_overview(visitor)


async def test_somebody_signed_in_is_sent_on(signed_in: Visitor) -> None:
    for path in ("/login", "/register", "/login?next=%2Fdashboard"):
        await signed_in.load(path)
        await at_overview(signed_in)
