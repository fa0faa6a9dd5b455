"""Changing the password on the security page."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import CHECK_FIELD, alert_of, button_of, notice_of
from tests.journeys.kept_messages import text_of
from tests.journeys.person import WRONG, Person
from tests.journeys.two_step import SECURITY, Eavesdropper, ask, at_step, open_security
from tests.support.browser.visitor import Device, Visitor
from tests.support.mail.kept_messages import wait_for_letter
from tests.support.servers.live_server import LiveServer

CHANGED = "Your password was changed."


@pytest.fixture
def changed(person: Person) -> Person:
    """The same user with another password."""
    return replace(person, password="basalt teapot nineteen lanterns")


async def open_form(visitor: Visitor) -> None:
    await open_security(visitor)
    await ask(visitor, "change-password")
    await at_step(visitor, "change-password")


async def fill_in(visitor: Visitor, current: str, new: str) -> None:
    visitor.secrets |= {word for word in (current, new) if len(word) > 8}
    await visitor.page.get_by_label("Current password", exact=True).fill(current)
    await visitor.page.get_by_label("New password", exact=True).fill(new)


@pytest.mark.phone_too
async def test_the_password_is_changed_and_every_other_device_is_out(
    signed_in: Visitor,
    visit: Visit,
    device: Device,
    person: Person,
    changed: Person,
    live_server: LiveServer,
) -> None:
    other, heard = await visit(device), Eavesdropper(signed_in)
    await person.come_back(other)
    before = await signed_in.cookie("autograph_session")
    await open_security(signed_in)
    await signed_in.check()
    await ask(signed_in, "change-password")
    await at_step(signed_in, "change-password")
    await expect(signed_in.page.locator("#two-step")).to_have_count(0)
    await fill_in(signed_in, person.password, changed.password)
    await expect(signed_in.page.locator(".strength-label")).to_have_text("Strength: Strong")
    await expect(signed_in.page.get_by_label("Sign out my other devices")).to_be_checked()
    await signed_in.check()
    await button_of(signed_in).click()
    await expect(notice_of(signed_in)).to_have_text(CHANGED)
    await signed_in.at(SECURITY)
    await expect(signed_in.page.locator("#password-card")).to_contain_text("Last changed: Today")
    await signed_in.check()

    assert (await signed_in.cookie("autograph_session"))["value"] != before["value"]
    await signed_in.page.reload()
    await expect(signed_in.page.locator("#two-step")).to_be_visible()
    await expect(notice_of(signed_in)).to_be_empty()
    await other.load("/dashboard")
    await other.at("/login?next=%2Fdashboard")
    await other.connected()
    await person.try_to_sign_in(other, person.password)
    await expect(alert_of(other)).not_to_be_empty()
    await changed.sign_in(other)
    letter = await wait_for_letter(live_server, person.email, CHANGED.rstrip("."))
    assert "All other devices were signed out." in text_of(letter)
    heard.check_answers(person.password, changed.password)


async def test_other_devices_stay_where_that_is_wished(
    signed_in: Visitor, visit: Visit, device: Device, person: Person, changed: Person
) -> None:
    other = await visit(device)
    await person.come_back(other)
    await open_form(signed_in)
    await fill_in(signed_in, person.password, changed.password)
    await signed_in.page.get_by_label("Sign out my other devices").uncheck()
    await button_of(signed_in).click()
    await expect(notice_of(signed_in)).to_have_text(CHANGED)
    await other.open("/dashboard")
    await other.at("/dashboard")


async def test_what_is_wrong_is_said_beside_its_field(
    signed_in: Visitor, person: Person, changed: Person
) -> None:
    await open_form(signed_in)
    await button_of(signed_in).click()
    for label, current, new, words in (
        ("Current password", "", "", "Enter your current password."),
        ("New password", person.password, "", "Enter a new password."),
        ("Current password", WRONG, changed.password, "Wrong password. Try again."),
        ("New password", person.password, "short", "That password is too short."),
        ("New password", person.password, person.password, "Choose a password that's different"),
    ):
        field = signed_in.page.get_by_label(label, exact=True)
        await fill_in(signed_in, current, new)
        await button_of(signed_in).click()
        await expect(alert_of(signed_in)).to_contain_text(CHECK_FIELD)
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(signed_in.page.locator(f"#{label.lower().replace(' ', '_')}-error")).to_contain_text(
            words
        )
        await expect(field).to_be_focused()
    await signed_in.check()
    await signed_in.page.locator("#cancel").click()
    await at_step(signed_in, "")
    await open_form(signed_in)
    await fill_in(signed_in, person.password, changed.password)
    await button_of(signed_in).click()
    await expect(notice_of(signed_in)).to_have_text(CHANGED)


async def test_an_address_begins_a_change_but_cannot_say_that_there_was_one(signed_in: Visitor) -> None:
    await signed_in.open(f"{SECURITY}?then=password-changed")
    await expect(signed_in.page.locator("#two-step")).to_be_visible()
    await expect(notice_of(signed_in)).to_be_empty()
    await signed_in.open(f"{SECURITY}?then=change-password")
    await at_step(signed_in, "change-password")


async def test_too_many_tries_count_down(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer, changed: Person
) -> None:
    visitor = await visit(device, brittle_server)
    await person.come_in(visitor)
    await open_form(visitor)
    for tries in (1, 2, 3):
        await fill_in(visitor, WRONG, changed.password)
        await button_of(visitor).click()
        if tries < 3:
            await expect(visitor.page.locator("#current_password-error")).not_to_be_empty()
            await visitor.page.locator("#current_password").fill("x")
    await expect(visitor.page.locator("#form-alert .box")).to_contain_text("Too many attempts.")
    await expect(button_of(visitor)).to_be_disabled()
    await visitor.check("light")
    await expect(button_of(visitor)).to_be_enabled()
