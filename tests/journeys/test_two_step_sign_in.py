"""Signing in with a password and a code."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import CHECK_FIELD, alert_of, email_of, notice_of, password_of, said_by
from tests.journeys.person import Person, at_overview
from tests.journeys.two_step import (
    TOOK_TOO_LONG,
    WRONG_CODE,
    WRONG_PAPER,
    Eavesdropper,
    Owner,
    ask,
    at_step,
    code_is_refused,
    code_of,
    open_security,
    post,
    type_code,
    use_recovery_code,
)
from tests.support.browser.visitor import Device, Visitor
from tests.support.servers.live_server import LiveServer

SESSION, CHALLENGE, TRUSTED = "autograph_session", "autograph_challenge", "autograph_trusted"


async def has_nothing(visitor: Visitor) -> None:
    """Require that the browser holds neither a session nor a means to get one."""
    for name in (SESSION, CHALLENGE, TRUSTED):
        assert await visitor.cookie(name) is None


async def sign_out(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    await visitor.at("/login")
    await visitor.connected()


@pytest.mark.phone_too
async def test_the_password_and_a_code_lead_in(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    page, heard = visitor.page, Eavesdropper(visitor)
    await visitor.open("/dashboard?from=letter")
    await visitor.at("/login?next=%2Fdashboard%3Ffrom%3Dletter")
    await owner.show_password(visitor)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    await expect(page.locator("#code-form").locator("..")).to_contain_text(member.email)
    await expect(code_of(visitor)).to_have_attribute("autocomplete", "one-time-code")
    await expect(code_of(visitor)).to_have_attribute("inputmode", "numeric")
    await expect(password_of(visitor)).to_have_count(0)
    await expect(page.get_by_label("Don't ask again on this browser for 30 days")).not_to_be_checked()
    await has_nothing(visitor)
    await visitor.check()

    # The format in which some apps copy it.
    code = await owner.phone.code()
    await type_code(visitor, f"{code[:3]} {code[3:]}")
    await visitor.at("/dashboard?from=letter")
    await expect(page.locator("#security .badge")).to_have_text("Two-step on")
    assert (await visitor.cookie(SESSION))["expires"] == -1
    assert await visitor.cookie(TRUSTED) is None
    heard.check_answers(owner.phone.entry.key, *owner.paper, member.password)


async def test_a_wrong_code_and_a_used_one_are_refused(
    visit: Visit, visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    used = await owner.phone.code()
    assert await owner.may_enter(used)
    await visitor.open("/login")
    await owner.show_password(visitor)
    await type_code(visitor, owner.phone.wrong_code())
    await code_is_refused(visitor, WRONG_CODE)
    await expect(alert_of(visitor)).to_have_text(CHECK_FIELD)
    await expect(visitor.page.locator("[data-submit]")).to_have_text("Verify")
    await visitor.check()

    form = visitor.page.locator("#code-form")
    answers = int(await form.get_attribute("data-answers") or 0)
    await type_code(visitor, used)
    await expect(form).to_have_attribute("data-answers", str(answers + 1))
    await code_is_refused(visitor, WRONG_CODE)
    await has_nothing(visitor)
    await type_code(visitor, await owner.phone.code())
    await at_overview(visitor)


async def test_a_recovery_code_leads_in_once(
    visit: Visit, visitor: Visitor, device: Device, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    first, second = owner.paper[:2]
    await visitor.open("/login")
    await owner.show_password(visitor)
    await use_recovery_code(visitor)
    await expect(code_of(visitor)).to_have_attribute("autocomplete", "off")
    await visitor.check()
    await visitor.page.get_by_role("button", name="Use your authenticator app instead").click()
    await expect(visitor.page.get_by_label("Verification code")).to_be_focused()
    await use_recovery_code(visitor)
    await type_code(visitor, first.upper())
    await at_overview(visitor)
    await open_security(visitor)
    await expect(visitor.page.locator("#recovery-codes [data-count]")).to_have_attribute("data-count", "9")

    other = await visit(device)
    await other.open("/login")
    await owner.show_password(other)
    await use_recovery_code(other)
    await type_code(other, first)
    await code_is_refused(other, WRONG_PAPER)
    await has_nothing(other)
    # Dashes are ignored.
    await type_code(other, second.replace("-", " "))
    await at_overview(other)


async def test_starting_over_leaves_nothing(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    await visitor.open("/login")
    await owner.show_password(visitor)
    await visitor.page.locator("#start-over").click()
    await expect(email_of(visitor)).to_be_focused()
    await expect(email_of(visitor)).to_have_value("")
    await expect(visitor.page.locator("#code-form")).to_have_count(0)
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await expect(alert_of(visitor)).to_be_empty()
    await has_nothing(visitor)
    await visitor.check()
    await visitor.open("/dashboard")
    await visitor.at("/login?next=%2Fdashboard")

    # Reloading the page does not bring the second step back either.
    await owner.show_password(visitor)
    await visitor.page.reload()
    await visitor.connected()
    await expect(visitor.page.locator("#sign-in-form")).to_be_visible()
    await expect(visitor.page.locator("#code-form")).to_have_count(0)
    await has_nothing(visitor)


async def test_a_second_step_that_is_over_begins_anew(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    # Started without JavaScript, the step is stored in the browser, so another page of it can end it.
    await post(visitor, "/session/sign-in", {"email": member.email, "password": member.password})
    assert await visitor.cookie(CHALLENGE)
    await visitor.open("/login")
    await expect(code_of(visitor)).to_be_focused()
    await post(visitor, "/session/start-over", {})
    code = await owner.phone.code()
    await type_code(visitor, code)
    await expect(alert_of(visitor)).to_have_text(TOOK_TOO_LONG)
    await expect(visitor.page.locator("#code-form")).to_have_count(0)
    await expect(email_of(visitor)).to_have_value(member.email)
    await has_nothing(visitor)
    await visitor.check()

    # The code was not used up by it.
    await owner.show_password(visitor)
    await type_code(visitor, code)
    await at_overview(visitor)


async def test_a_trusted_device_is_not_asked_until_that_is_revoked(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    owner, page = await Owner.of(member, live_server), visitor.page
    await visitor.open("/login")
    await owner.show_password(visitor)
    await page.get_by_label("Don't ask again on this browser for 30 days").check()
    await type_code(visitor, await owner.phone.code())
    await at_overview(visitor)
    trusted = await visitor.cookie(TRUSTED)
    assert (trusted["httpOnly"], trusted["sameSite"]) == (True, "Lax")
    await sign_out(visitor)
    assert await visitor.cookie(TRUSTED) == trusted
    await member.sign_in(visitor)

    # It replaces the code when signing in, and for nothing else.
    await open_security(visitor)
    await ask(visitor, "replace")
    await at_step(visitor, "confirm")
    await page.locator("#cancel").click()
    await at_step(visitor, "")
    await expect(page.locator("#trusted-devices li")).to_have_count(1)
    await visitor.check()

    await page.get_by_role("button", name=re.compile("^Remove Chrome 141 on ")).click()
    await expect(notice_of(visitor)).to_have_text(
        re.compile(r"^Chrome 141 on \w+ is no longer trusted and will ask for a code\.$")
    )
    await expect(page.locator("#trusted-devices")).to_be_focused()
    await expect(page.locator("#trusted-devices li")).to_have_count(0)
    await visitor.check()
    await sign_out(visitor)
    await owner.show_password(visitor)
    assert await visitor.cookie(SESSION) is None


async def test_trusting_one_browser_says_nothing_about_another(
    visit: Visit, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    trusted, other = await visit(), await visit()
    await post(trusted, "/session/sign-in", {"email": member.email, "password": member.password})
    await post(trusted, "/session/verify", {"code": owner.paper.pop(), "trust_device": "on"})
    assert await trusted.cookie(TRUSTED)
    await other.open("/login")
    await owner.show_password(other)
    await has_nothing(other)


async def test_two_tabs_and_the_way_back(
    visit: Visit, device: Device, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    visitor = await visit(device)
    other = await visitor.tab()
    for tab in (visitor, other):
        await tab.open("/login")
        await owner.show_password(tab)
    await visitor.page.bring_to_front()
    await type_code(visitor, await owner.phone.code())
    await at_overview(visitor)
    await other.page.bring_to_front()
    await use_recovery_code(other)
    await type_code(other, owner.paper.pop())
    await at_overview(other)

    await visitor.page.bring_to_front()
    await visitor.page.go_back()
    await at_overview(visitor)
    await expect(code_of(visitor)).to_have_count(0)


async def test_it_works_without_javascript(
    visit: Visit, device: Device, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    visitor = await visit(device, javascript=False)
    page, code = visitor.page, visitor.page.locator("#scriptless-code")
    await visitor.load("/dashboard")
    await visitor.at("/login?next=%2Fdashboard")
    await show_password_without_javascript(owner, visitor)
    await expect(said_by(visitor)).to_contain_text("Now enter your code")
    assert await visitor.overflow() <= 0
    for cookie in (SESSION, TRUSTED):
        assert await visitor.cookie(cookie) is None

    verify = page.get_by_role("button", name="Verify")
    await code.fill(owner.phone.wrong_code())
    await verify.click()
    await expect(said_by(visitor)).to_contain_text("That code didn't work.")
    assert await visitor.cookie(SESSION) is None
    await code.fill(await owner.phone.code())
    await verify.click()
    await visitor.at("/dashboard")
    assert await visitor.cookie(SESSION)
    assert await visitor.cookie(CHALLENGE) is None


async def test_starting_over_works_without_javascript(
    visit: Visit, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    visitor = await visit(javascript=False)
    await visitor.load("/login")
    await show_password_without_javascript(owner, visitor)
    await visitor.page.get_by_role("button", name="Use a different account").click()
    await expect(visitor.page).to_have_url(re.compile("/login"))
    await has_nothing(visitor)


async def show_password_without_javascript(owner: Owner, visitor: Visitor) -> None:
    """Complete the first step with the native form."""
    await owner.person.fill_in(visitor)
    await visitor.page.get_by_role("button", name="Sign in").click()
    await expect(visitor.page).to_have_url(re.compile("/login"))
    challenge = await visitor.cookie(CHALLENGE)
    assert (challenge["httpOnly"], challenge["sameSite"]) == (True, "Lax")
