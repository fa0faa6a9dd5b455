"""Verifying an address: the banner, the page of the link, and servers that require it."""

import sqlite3
from collections.abc import Generator

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import alert_of, button_of, notice_of
from tests.journeys.kept_messages import follow, link_to
from tests.journeys.person import Person, at_overview
from tests.journeys.test_password_reset import NEW, choose
from tests.support.browser.visitor import Device, Visitor
from tests.support.mail.kept_messages import link_in_letter
from tests.support.servers.live_server import LiveServer

LETTER = "Verify your email"
SENT = "If that email still needs verifying, we've sent a link."


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """A server that refuses sign-ins to accounts whose address is not verified."""
    with LiveServer(tmp_path_factory.mktemp("strict"), AUTOGRAPH_EMAIL_VERIFICATION="required") as server:
        yield server
    server.check_log()


async def outcome(visitor: Visitor, name: str) -> None:
    """Wait until the page of the link has finished, and require that it is accessible."""
    await expect(visitor.page.locator("#outcome")).to_have_attribute("data-outcome", name)
    await visitor.check()


async def verify_it(visitor: Visitor, registered: Person | None = None) -> None:
    """Press the button on the page of the link; without a session, type the password first."""
    await outcome(visitor, "ready")
    if registered is not None:
        await visitor.page.get_by_label("Password of this account").fill(registered.password)
    await visitor.page.get_by_role("button", name="Verify my email").click()
    await outcome(visitor, "verified")


def outdate_links(server: LiveServer, person: Person) -> None:
    """Make every link of a user too old, as a day would."""
    with sqlite3.connect(server.database, timeout=10) as database:
        database.execute(
            "UPDATE links SET expires_at = '2020-01-01 00:00:00.000000'"
            " WHERE user_id = (SELECT id FROM users WHERE email = ?)",
            (person.email,),
        )


async def test_the_banner_asks_until_the_link_was_followed(
    signed_in: Visitor, person: Person, live_server: LiveServer
) -> None:
    banner = signed_in.page.locator("#unverified")
    for path in ("/dashboard", "/settings/security", "/settings/account"):
        await signed_in.open(path)
        await expect(banner).to_contain_text(person.email)
        await signed_in.check()
    await expect(signed_in.page.locator("#email-card .badge")).to_have_text("Not verified")

    first = await link_to(live_server, person.email, LETTER)
    await banner.get_by_role("button", name="Resend link").click()
    await expect(signed_in.page.locator("#resent")).to_contain_text("Link sent. Check your inbox.")
    await expect(signed_in.page.locator("#resent .clock")).to_have_text("0:59")
    await expect(banner.get_by_role("button")).to_be_disabled()
    await signed_in.check()
    await follow(signed_in, first)
    await outcome(signed_in, "replaced")
    await expect(alert_of(signed_in)).to_contain_text("replaced by a newer one")

    newer = await newer_link(live_server, person, first)
    await follow(signed_in, newer)
    await outcome(signed_in, "ready")
    await expect(signed_in.page.locator(".whose")).to_have_text(person.email)
    await verify_it(signed_in)
    assert "#" not in signed_in.page.url
    await signed_in.page.get_by_role("button", name="Continue").click()
    await at_overview(signed_in)
    await expect(banner).to_have_count(0)
    assert await signed_in.cookie("autograph_link_email_verification") is None
    await signed_in.open("/settings/account")
    await expect(signed_in.page.locator("#email-card .badge")).to_have_text("Verified")
    await signed_in.open("/verify-email")
    await outcome(signed_in, "already")


async def newer_link(server: LiveServer, person: Person, than: str) -> str:
    link = await link_in_letter(server, person.email, "/verify-email", 2)
    newer = link.removeprefix(server.base_url)
    assert newer != than
    return newer


@pytest.mark.phone_too
async def test_somebody_signed_out_confirms_as_well(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    link = await link_to(live_server, member.email, LETTER)
    await follow(visitor, link)
    await verify_it(visitor, member)
    await visitor.page.reload()
    await outcome(visitor, "none")
    await follow(visitor, link)
    await outcome(visitor, "already")


@pytest.mark.phone_too
async def test_an_owner_who_did_not_register_sees_what_ended_and_chooses_a_password(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    await follow(visitor, await link_to(live_server, member.email, LETTER))
    await outcome(visitor, "ready")
    await visitor.page.get_by_label("Password of this account").fill("gravel harbour thirteen violas")
    await visitor.page.get_by_role("button", name="Verify my email").click()
    await expect(visitor.page.locator("#password-error")).to_contain_text("Wrong password")
    await outcome(visitor, "ready")
    await visitor.page.get_by_role("button", name="Verify my email").click()
    await visitor.at("/password-reset/confirm")
    await expect(notice_of(visitor)).to_contain_text("Your email is verified")
    await expect(notice_of(visitor)).to_contain_text("We also removed: the password.")
    await visitor.check()
    await visitor.connected()
    await choose(visitor)
    await visitor.at("/login")
    await Person(member.email, NEW).sign_in(visitor)
    await expect(visitor.page.locator("#unverified")).to_have_count(0)


async def test_a_scanner_that_opens_the_link_verifies_nothing_and_leaves_it_to_the_owner(
    visit: Visit, member: Person, live_server: LiveServer
) -> None:
    link = await link_to(live_server, member.email, LETTER)
    for javascript in (True, False, True):
        scanner = await visit(javascript=javascript)
        await scanner.load(link)
        if javascript:
            await outcome(scanner, "ready")
    owner = await visit()
    # As a mail program leaves it that treats the end of the sentence as part of the link.
    await follow(owner, f"{link.replace('#', '%23')}>.")
    await verify_it(owner, member)


async def test_a_pasted_link_is_read_as_well_as_one_that_was_opened(
    visit: Visit, member: Person, live_server: LiveServer
) -> None:
    visitor = await visit()
    link = await link_to(live_server, member.email, LETTER)
    await visitor.open("/verify-email")
    await visitor.page.get_by_text("Paste the link instead").click()
    await visitor.page.locator("#pasted-link").fill(f"<{visitor.base_url}{link}>.")
    await visitor.page.locator(".other-way").get_by_role("button").click()
    await verify_it(visitor, member)


async def test_an_invalid_link_says_why_and_offers_another(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    link = await link_to(live_server, member.email, LETTER)
    outdate_links(live_server, member)
    await follow(visitor, link)
    await outcome(visitor, "expired")
    await follow(visitor, "/verify-email#token=" + "A" * 43)
    await outcome(visitor, "unknown")
    await visitor.open("/verify-email")
    await outcome(visitor, "none")
    for email in ("nobody@northwind.dev", member.email):
        await visitor.open("/verify-email")
        await visitor.page.get_by_label("Email", exact=True).fill(email)
        await button_of(visitor).click()
        await outcome(visitor, "sent")
        await expect(notice_of(visitor)).to_have_text(SENT)


async def test_a_server_that_insists_lets_nobody_in_before(
    visit: Visit, device: Device, person: Person, strict_server: LiveServer
) -> None:
    visitor = await visit(device, strict_server)
    await visitor.open("/register")
    await person.fill_in(visitor)
    await visitor.page.get_by_role("button", name="Create account").click()
    await outcome(visitor, "sent")
    assert await visitor.cookie("autograph_session") is None

    await visitor.open("/login")
    await person.try_to_sign_in(visitor, person.password)
    await expect(alert_of(visitor)).to_contain_text("Verify your email before you sign in")
    await visitor.check()
    await visitor.page.get_by_role("link", name="Send a new verification link").click()
    await visitor.at("/verify-email")

    await follow(visitor, await link_to(strict_server, person.email, LETTER))
    await verify_it(visitor, person)
    await visitor.page.get_by_role("button", name="Continue").click()
    await visitor.at("/login?next=%2Fdashboard")
    await visitor.connected()
    await person.sign_in(visitor)
    await expect(visitor.page.locator("#unverified")).to_have_count(0)


async def test_without_javascript_the_link_is_pasted(
    visit: Visit, device: Device, member: Person, live_server: LiveServer
) -> None:
    visitor = await visit(device, javascript=False)
    link = await link_to(live_server, member.email, LETTER)
    await visitor.load("/verify-email")
    await visitor.page.locator("#scriptless-link").fill(link)
    await visitor.page.get_by_role("button", name="Continue").click()
    await visitor.at("/verify-email")
    await visitor.page.locator("#scriptless-password").fill(member.password)
    await visitor.page.get_by_role("button", name="Verify my email").click()
    await visitor.at("/login?next=%2Fdashboard")
