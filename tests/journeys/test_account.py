"""The account page: the data export, and the deletion of the account."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import alert_of, button_of, notice_of, password_of
from tests.journeys.person import WRONG, Person
from tests.journeys.two_step import Owner, code_of
from tests.support.browser.visitor import Device, Visitor
from tests.support.mail.kept_messages import wait_for_letter
from tests.support.servers.live_server import LiveServer

ACCOUNT = "/settings/account"
DELETED = "Your account and its data have been deleted."


async def open_account(visitor: Visitor, path: str = ACCOUNT) -> None:
    await visitor.open(path)
    await expect(visitor.page.locator("#account-cards")).to_be_visible()


async def at_account_step(visitor: Visitor, step: str) -> None:
    await expect(visitor.page.locator("#account-cards")).to_have_attribute("data-step", step)
    if step:
        await expect(visitor.page.locator("#step-title")).to_be_focused()


@pytest.mark.phone_too
async def test_the_ways_lead_to_the_account(signed_in: Visitor, person: Person) -> None:
    await signed_in.open("/dashboard")
    await signed_in.page.get_by_role("navigation", name="Account").get_by_role("link", name="Account").click()
    await signed_in.at(ACCOUNT)
    await expect(signed_in.page.get_by_role("heading", level=1)).to_have_text("Account")
    await expect(signed_in.page.locator("#account-email")).to_have_text(person.email)
    await signed_in.connected()
    await signed_in.check()


async def test_without_a_session_there_is_no_account_page(visitor: Visitor) -> None:
    await visitor.load(ACCOUNT)
    await visitor.at("/login?next=%2Fsettings%2Faccount")


async def test_the_data_is_a_file(signed_in: Visitor, person: Person, tmp_path: Path) -> None:
    await open_account(signed_in)
    async with signed_in.page.expect_download() as download:
        await signed_in.page.get_by_role("link", name="Download my data").click()
    file = await download.value
    assert file.suggested_filename == "autograph-account.json"
    await file.save_as(tmp_path / "account.json")
    found = json.loads((tmp_path / "account.json").read_text("utf-8"))
    assert found["account"]["email"] == person.email
    assert found["events"][-1]["kind"] == "data_exported"
    await signed_in.at(ACCOUNT)


async def test_deleting_takes_the_address_and_leaves_nothing(
    signed_in: Visitor, visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    other = await visit(device)
    await person.come_back(other)
    await open_account(signed_in)
    await signed_in.page.get_by_role("button", name="Delete account").click()
    await at_account_step(signed_in, "delete")
    await expect(signed_in.page.locator("#data")).to_have_count(0)
    await signed_in.check()
    await signed_in.page.locator("#cancel").click()
    await at_account_step(signed_in, "")
    await expect(signed_in.page.locator("#delete")).to_be_focused()

    await signed_in.page.get_by_role("button", name="Delete account").click()
    await at_account_step(signed_in, "delete")
    field = signed_in.page.get_by_label("Your email", exact=True)
    for typed, words in (
        ("", "Enter your email to confirm."),
        ("theo@northwind.dev", "That doesn't match this account's email."),
    ):
        await field.fill(typed)
        await button_of(signed_in).click()
        await expect(signed_in.page.locator("#confirm_email-error")).to_contain_text(words)
        await expect(field).to_be_focused()
    await signed_in.check()
    await field.fill(person.email.upper())
    await button_of(signed_in).click()
    await signed_in.at("/login?next=%2Fsettings%2Faccount")
    assert await signed_in.cookie("autograph_session") is None
    await expect(notice_of(signed_in)).to_have_text(DELETED)
    await signed_in.check()

    await signed_in.connected()
    await person.try_to_sign_in(signed_in, person.password)
    await expect(alert_of(signed_in)).not_to_be_empty()
    await other.load("/dashboard")
    await other.at("/login?next=%2Fdashboard")
    assert await wait_for_letter(live_server, person.email, "Your account was deleted")
    await person.come_in(other)


async def test_with_two_step_verification_deleting_takes_password_and_code(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    owner = await Owner.of(member, live_server)
    await member_in_by_trusted_device(owner, visitor)
    await open_account(visitor)
    await visitor.page.get_by_role("button", name="Delete account").click()
    await at_account_step(visitor, "confirm")
    await visitor.check()
    visitor.secrets.add(WRONG)
    await password_of(visitor).fill(WRONG)
    await code_of(visitor).fill(await owner.phone.code())
    await visitor.page.get_by_role("button", name="Continue").click()
    await expect(password_of(visitor)).to_have_accessible_description("Wrong password. Try again.")
    await password_of(visitor).fill(member.password)
    await code_of(visitor).fill(await owner.phone.code())
    await visitor.page.get_by_role("button", name="Continue").click()
    await at_account_step(visitor, "delete")
    await visitor.at(ACCOUNT)
    await visitor.page.get_by_label("Your email", exact=True).fill(member.email)
    await button_of(visitor).click()
    await expect(notice_of(visitor)).to_have_text(DELETED)


async def member_in_by_trusted_device(owner: Owner, visitor: Visitor) -> None:
    """Trust the browser, sign out, and sign in with the password alone."""
    await owner.come_in(visitor, trust=True)
    await visitor.context.clear_cookies(name="autograph_session")
    await visitor.open("/login")
    await owner.person.sign_in(visitor)
