"""Accessibility, whatever the user relies on: keyboard, zoom, reduced motion, colours."""

import re
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import email_of, password_of
from tests.journeys.person import Person, at_overview
from tests.support.browser.visitor import DESKTOP, Visitor

PAGES = ("/", "/register", "/login", "/dashboard", "/settings/security", "/error", "/404")
PRIVATE = ("/dashboard", "/settings/security")
LIGHT_PAPER, DARK_PAPER = "rgb(250, 250, 246)", "rgb(15, 17, 21)"
_BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"
_FOCUS_RING = """() => { const style = getComputedStyle(document.activeElement);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return outlined || style.boxShadow !== "none"; }"""
# The colour of the very first frame of a page, reported at its first animation frame.
_FIRST_PAINT = """requestAnimationFrame(function look() {
  if (!document.body) return requestAnimationFrame(look);
  window.firstPaint = getComputedStyle(document.body).backgroundColor; });"""


@pytest_asyncio.fixture(loop_scope="session")
async def narrow(visit: Visit, person: Person) -> AsyncGenerator[Visitor]:
    """A signed-in visitor with a window 320 pixels wide: equal to 1280 at a zoom of 400 % (WCAG 1.4.10)."""
    visitor = await visit(DESKTOP, viewport={"width": 320, "height": 256})
    visitor.allow("404")
    yield visitor


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_fits_a_narrow_window(narrow: Visitor, person: Person, path: str) -> None:
    if path in PRIVATE:
        await person.come_in(narrow)
    await narrow.load(path)
    await expect(narrow.page.get_by_role("heading", level=1)).to_be_visible()
    if path in PRIVATE:
        await expect(narrow.page.locator("#skeleton")).to_have_count(0)
    await narrow.check("light")
    # Text spacing set by the reader (WCAG 1.4.12), and text twice as large (1.4.4).
    await narrow.page.evaluate(
        """() => { const sheet = new CSSStyleSheet();
        sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
          word-spacing: .16em !important; } p { margin-bottom: 2em !important; } html { font-size: 125%; }`);
        document.adoptedStyleSheets = [sheet]; }"""
    )
    assert await narrow.overflow() <= 0, f"{path} scrolls sideways with the reader's own spacing"


async def test_pages_reflow_with_a_refusal_on_them(narrow: Visitor, member: Person) -> None:
    await narrow.open("/login")
    await member.try_to_sign_in(narrow)
    await expect(password_of(narrow)).to_be_focused()
    await narrow.check("dark")


async def test_the_keyboard_is_enough(visit: Visit, member: Person) -> None:
    visitor = await visit()
    await visitor.open("/")
    keyboard, page = visitor.page.keyboard, visitor.page

    async def focused(words: str) -> None:
        await expect(page.locator(":focus")).to_have_accessible_name(words)
        assert await page.evaluate(_FOCUS_RING), f"nobody sees that “{words}” has the focus"

    async def tab_to(*names: str) -> None:
        for name in names:
            await keyboard.press("Tab")
            await focused(name)

    await tab_to("Skip to content")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    await keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await tab_to("Create account", "Sign in")
    await keyboard.press("Enter")
    await visitor.at("/login")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await tab_to("Create an account", "Email")
    await keyboard.type(member.email)
    await tab_to("Password")
    await keyboard.type(member.password)
    await tab_to("Show password")
    await keyboard.press("Space")
    await expect(password_of(visitor)).to_have_attribute("type", "text")
    await keyboard.press("Space")
    await tab_to("Keep me signed in", "Forgot password?", "Sign in", "System", "Light", "Dark")
    await password_of(visitor).focus()
    await keyboard.press("Enter")
    await at_overview(visitor)

    await tab_to("Skip to content", "AutoGraph", "Sign out")
    await tab_to("Overview", "Security", "Devices", "API keys", "Activity", "Account")
    await tab_to("Resend link", "Turn on two-step verification")
    await tab_to("Manage devices", "Sign out everywhere")
    await keyboard.press("Enter")
    await tab_to("Yes, sign out everywhere", "Cancel")
    await keyboard.press("Enter")
    await focused("Sign out everywhere")
    await keyboard.press("Enter")
    await tab_to("Yes, sign out everywhere")
    await keyboard.press("Enter")
    await visitor.at("/login?ended=all")


async def test_enter_in_the_first_field_sends_the_form(visit: Visit, member: Person) -> None:
    visitor = await visit()
    await visitor.open("/login")
    await member.fill_in(visitor)
    await email_of(visitor).press("Enter")
    await at_overview(visitor)


async def test_pages_say_which_they_are(visit: Visit, person: Person) -> None:
    visitor = await visit()
    visitor.allow("404")
    titles: set[str] = set()
    for path in ("/", "/register", "/login", "/error", "/404"):
        await visitor.load(path)
        await expect(visitor.page).to_have_title(re.compile(r"^(.+ · )?AutoGraph$"))
        titles.add(await visitor.page.title())
        await expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
        await expect(visitor.page.get_by_role("main")).to_have_count(1)
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_count(1)
    assert len(titles) == 5


async def test_a_link_within_the_pages_moves_title_and_focus(visit: Visit) -> None:
    visitor = await visit()
    await visitor.open("/login")
    await visitor.page.get_by_role("link", name="Create an account").click()
    await expect(visitor.page).to_have_title("Create your account · AutoGraph")
    await expect(visitor.page.get_by_role("heading", name="Create your account")).to_be_focused()
    await visitor.page.go_back()
    await expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_focused()


@pytest.mark.parametrize("options", [{"reduced_motion": "reduce"}, {}], ids=["reduced", "usual"])
async def test_motion_is_left_out_for_whoever_asks(visit: Visit, options: dict[str, Any]) -> None:
    visitor = await visit(**options)
    await visitor.load("/login")
    moving = await visitor.page.evaluate(
        """() => [...document.querySelectorAll("*")].map((element) => getComputedStyle(element))
        .filter((style) => style.animationName !== "none" || parseFloat(style.transitionDuration)).length"""
    )
    assert (moving == 0) == bool(options)


async def test_forced_colours_leave_everything_in_sight(visit: Visit, member: Person) -> None:
    visitor = await visit(forced_colors="active")
    await visitor.open("/login")
    await member.sign_in(visitor)
    for control in await visitor.page.get_by_role("button").all():
        if await control.is_visible() and not await control.evaluate("(e) => e.matches('.theme-button')"):
            assert await control.evaluate(
                "(element) => parseFloat(getComputedStyle(element).borderTopWidth) > 0"
            )


@pytest.mark.parametrize(("scheme", "paper"), [("light", LIGHT_PAPER), ("dark", DARK_PAPER)])
async def test_the_system_chooses_the_colours(visit: Visit, scheme: str, paper: str) -> None:
    visitor = await visit(color_scheme=scheme)
    await visitor.own_page.add_init_script(_FIRST_PAINT)
    await visitor.open("/login")
    assert await visitor.page.evaluate("() => window.firstPaint") == paper
    other = {"light": "dark", "dark": "light"}[scheme]
    await visitor.page.emulate_media(color_scheme="dark" if other == "dark" else "light")
    await expect(visitor.page.locator("body")).not_to_have_css("background-color", paper)


@pytest.mark.parametrize(
    ("words", "system", "paper"), [("Dark", "light", DARK_PAPER), ("Light", "dark", LIGHT_PAPER)]
)
async def test_a_choice_of_colours_lasts(visit: Visit, words: str, system: str, paper: str) -> None:
    visitor = await visit(color_scheme=system)
    await visitor.open("/login")
    choice = visitor.page.get_by_role("button", name=words)
    await choice.click()
    await expect(visitor.page.locator("body")).to_have_css("background-color", paper)
    await expect(choice).to_have_attribute("aria-pressed", "true")
    await visitor.own_page.add_init_script(_FIRST_PAINT)
    for path in ("/login", "/register"):
        await visitor.open(path)
        assert await visitor.page.evaluate("() => window.firstPaint") == paper
        assert await visitor.page.evaluate(_BACKGROUND) == paper
        await expect(choice).to_have_attribute("aria-pressed", "true")
    await visitor.page.get_by_role("link", name="Sign in").first.click()
    await expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_focused()
    await expect(choice).to_have_attribute("aria-pressed", "true")

    await visitor.page.get_by_role("button", name="System").click()
    await expect(visitor.page.locator("body")).not_to_have_css("background-color", paper)
