"""Changing to another address, and back."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import alert_of, button_of, notice_of
from tests.journeys.kept_messages import follow, link_to
from tests.journeys.person import Person
from tests.journeys.test_account import at_account_step, open_account
from tests.support.browser.visitor import Device, Visitor
from tests.support.mail.kept_messages import wait_for_letter
from tests.support.servers.live_server import LiveServer

CONFIRM, ASKED, CHANGED = "Confirm your new email", "Email change requested", "Your email was changed"


def new_address(person: Person) -> Person:
    return replace(person, email=person.email.replace("@northwind", "@elsewhere"))


async def ask(visitor: Visitor, email: str) -> None:
    await open_account(visitor)
    await visitor.page.get_by_role("button", name="Change email").click()
    await at_account_step(visitor, "change-email")
    await visitor.page.get_by_label("New email").fill(email)
    await button_of(visitor).click()


@pytest.mark.phone_too
async def test_the_account_moves_once_the_new_address_confirms(
    signed_in: Visitor, visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    moved = new_address(person)
    await open_account(signed_in)
    await signed_in.page.get_by_role("button", name="Change email").click()
    await at_account_step(signed_in, "change-email")
    await signed_in.check()
    field = signed_in.page.get_by_label("New email")
    for typed, words in (
        ("", "Enter your email."),
        ("mina", "Enter a valid email address"),
        (person.email.upper(), "That's already your email."),
    ):
        await field.fill(typed)
        await button_of(signed_in).click()
        await expect(signed_in.page.locator("#email-error")).to_contain_text(words)
        await expect(field).to_be_focused()
    await signed_in.check()
    await field.fill(moved.email)
    await button_of(signed_in).click()
    await expect(notice_of(signed_in)).to_contain_text(f"We sent a link to {moved.email}.")
    await expect(signed_in.page.locator("#account-email")).to_have_text(person.email)
    await signed_in.check()

    # The email may be read on another device.
    other = await visit(device)
    await follow(other, await link_to(live_server, moved.email, CONFIRM))
    await expect(other.page.get_by_role("main")).to_contain_text(moved.email)
    await other.check()
    await other.page.get_by_role("button", name="Confirm my new email").click()
    await other.at("/login?next=%2Fsettings%2Faccount")
    await expect(notice_of(other)).to_contain_text("Your email was changed.")
    await open_account(signed_in)
    await expect(signed_in.page.locator("#account-email")).to_have_text(moved.email)
    await expect(signed_in.page.locator("#email-card .badge")).to_have_text("Verified")
    await other.connected()
    await moved.fill_in(other)
    await other.page.get_by_role("button", name="Sign in").click()
    await other.at("/settings/account")


async def test_the_old_address_takes_it_back(
    signed_in: Visitor, visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    moved = new_address(person)
    await ask(signed_in, moved.email)
    await expect(notice_of(signed_in)).not_to_be_empty()
    await follow(signed_in, await link_to(live_server, moved.email, CONFIRM))
    await signed_in.page.get_by_role("button", name="Confirm my new email").click()
    await signed_in.at("/settings/account")
    await expect(notice_of(signed_in)).to_contain_text("Your email was changed.")

    owner = await visit(device)
    back = await link_to(live_server, person.email, CHANGED)
    await follow(owner, back)
    await expect(owner.page.get_by_role("main")).to_contain_text(person.email)
    await owner.check()
    await owner.page.get_by_role("button", name="Restore email and sign out everywhere").click()
    await owner.at("/password-reset/confirm")
    await owner.connected()
    await expect(notice_of(owner)).to_contain_text("Your email has been restored")
    await owner.check()
    chosen = replace(person, password="basalt teapot nineteen lanterns")
    owner.secrets.add(chosen.password)
    await owner.page.get_by_label("New password", exact=True).fill(chosen.password)
    await button_of(owner).click()
    await owner.at("/login")
    await owner.connected()
    await chosen.sign_in(owner)

    await signed_in.load("/settings/account")
    await signed_in.at("/login?next=%2Fsettings%2Faccount")
    await follow(owner, back)
    await expect(notice_of(owner)).to_contain_text("Your email was restored")
    await owner.check()
    assert await wait_for_letter(live_server, person.email, "Your email change was undone")


async def test_a_change_that_waits_is_stopped(
    signed_in: Visitor, visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    moved = new_address(person)
    await ask(signed_in, moved.email)
    owner = await visit(device)
    await follow(owner, await link_to(live_server, person.email, ASKED))
    await owner.page.get_by_role("button", name="Restore email and sign out everywhere").click()
    await owner.at("/password-reset/confirm")
    await follow(owner, await link_to(live_server, moved.email, CONFIRM))
    await expect(alert_of(owner)).to_contain_text("your account has changed since")
    await owner.check()


async def test_an_address_taken_meanwhile_is_refused_at_the_end(
    signed_in: Visitor, person: Person, live_server: LiveServer
) -> None:
    moved = new_address(person)
    await ask(signed_in, moved.email)
    link = await link_to(live_server, moved.email, CONFIRM)
    moved.join(live_server)
    await follow(signed_in, link)
    await signed_in.page.get_by_role("button", name="Confirm my new email").click()
    await signed_in.at("/change-email")
    await signed_in.connected()
    await expect(alert_of(signed_in)).to_contain_text("already an account")
    await signed_in.check()


async def test_without_a_link_the_pages_say_what_to_do(visitor: Visitor) -> None:
    for path in ("/change-email", "/undo-email-change"):
        await visitor.open(path)
        await expect(visitor.page.get_by_text("Paste the link instead")).to_be_visible()
        await visitor.page.get_by_text("Paste the link instead").click()
        await visitor.check()
        await follow(visitor, f"{path}#token={'A' * 43}")
        await expect(alert_of(visitor)).to_contain_text("That link isn't valid.")
        await visitor.check()
