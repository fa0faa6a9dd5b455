"""Creating an account on the page."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.journeys.forms import CHECK_FIELD, alert_of, button_of, email_of, password_of
from tests.journeys.person import Person, at_overview
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.visitor import Visitor

ADVICE = "Try something longer or less common, such as a short sentence."


def meter_of(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("meter", name="Password strength")


def said_of(visitor: Visitor) -> Locator:
    """The hint about the password while it is typed."""
    return visitor.page.locator("#password-strength")


async def test_the_form_waits_for_somebody(visitor: Visitor) -> None:
    await visitor.open("/register")
    await expect(visitor.page).to_have_title("Create your account · AutoGraph")
    await expect(email_of(visitor)).to_have_attribute("autocomplete", "username")
    await expect(password_of(visitor)).to_have_attribute("autocomplete", "new-password")
    await expect(password_of(visitor)).to_have_accessible_description(
        "Use at least 8 characters; 12 or more is better. A passphrase or a password manager works well."
    )
    await expect(meter_of(visitor)).to_have_count(0)
    await expect(said_of(visitor)).to_have_attribute("aria-live", "polite")
    await visitor.check()


async def test_the_meter_judges_while_somebody_types(visitor: Visitor) -> None:
    await visitor.open("/register")
    for password, score, label, reasons in (
        ("kettle", "0", "Too short", ["Use at least 8 characters."]),
        ("password1", "1", "Weak", ["This is a very common password.", ADVICE]),
        ("plum kettle", "3", "Good", []),
        ("ink on graph paper", "4", "Strong", []),
    ):
        await password_of(visitor).fill(password)
        await expect(meter_of(visitor)).to_have_attribute("aria-valuetext", label)
        await expect(meter_of(visitor)).to_have_attribute("aria-valuenow", score)
        await expect(said_of(visitor).locator(".strength-label")).to_have_text(f"Strength: {label}")
        await expect(said_of(visitor).get_by_role("listitem")).to_have_text(reasons)
        await visitor.check()
    await password_of(visitor).fill("")
    await expect(meter_of(visitor)).to_have_count(0)


async def test_a_password_made_of_the_email_is_weak(visitor: Visitor) -> None:
    await visitor.open("/register")
    await email_of(visitor).fill("violet.harbour@northwind.dev")
    await password_of(visitor).fill("violet.harbour1")
    await expect(meter_of(visitor)).to_have_attribute("aria-valuetext", "Weak")
    await expect(said_of(visitor)).to_contain_text("Don't base it on your email or this service's name.")


@pytest.mark.parametrize(
    ("email", "password", "field", "sentence"),
    [
        pytest.param("", "ink on graph paper", "Email", "Enter your email.", id="no email"),
        pytest.param("mina@northwind.dev", "", "Password", "Enter your password.", id="no password"),
        pytest.param(
            "mina.northwind",
            "ink on graph paper",
            "Email",
            "Enter a valid email address, like name@example.com.",
            id="no address",
        ),
        pytest.param(
            "mina@northwind.dev",
            "kettle",
            "Password",
            "That password is too short. Use at least 8 characters.",
            id="too short",
        ),
        pytest.param(
            "mina@northwind.dev",
            "password1",
            "Password",
            f"That password is too easy to guess. This is a very common password. {ADVICE}",
            id="too common",
        ),
    ],
)
async def test_a_refusal_stands_beside_its_field(
    visitor: Visitor, email: str, password: str, field: str, sentence: str
) -> None:
    await visitor.open("/register")
    await email_of(visitor).fill(email)
    await password_of(visitor).fill(password)
    await button_of(visitor).click()
    at_fault = visitor.page.get_by_label(field, exact=True)
    await expect(at_fault).to_have_attribute("aria-invalid", "true")
    await expect(at_fault).to_have_accessible_description(re.compile(f"^{re.escape(sentence)}"))
    await expect(at_fault).to_be_focused()
    await expect(alert_of(visitor)).to_have_text(CHECK_FIELD)
    await expect(email_of(visitor)).to_have_value(email)
    await expect(password_of(visitor)).to_have_value(password)
    await expect(button_of(visitor)).to_have_text("Create account")
    await visitor.check()


async def test_a_taken_email_leads_to_signing_in(visitor: Visitor, member: Person) -> None:
    await visitor.open("/register")
    await email_of(visitor).fill(member.email.upper())
    await password_of(visitor).fill("quite another sentence")
    await button_of(visitor).click()
    await expect(email_of(visitor)).to_have_accessible_description(
        "There's already an account with that email. Sign in instead."
    )
    await expect(email_of(visitor)).to_have_value(member.email.upper())
    await expect(email_of(visitor)).to_be_focused()
    await visitor.check()
    await visitor.page.get_by_role("link", name="Sign in").first.click()
    await visitor.at("/login")
    await expect(alert_of(visitor)).to_be_empty()
    await visitor.connected()
    await member.sign_in(visitor)


@pytest.mark.phone_too
async def test_a_new_account_opens_at_once(visitor: Visitor, person: Person) -> None:
    await person.register(visitor)
    await expect(visitor.page.locator("#account-email")).to_have_text(person.email)
    await expect(visitor.page.locator("#last-sign-in")).to_have_text("This is your first sign-in")


async def test_repeated_clicks_create_one_account(visitor: Visitor, person: Person) -> None:
    wire = await InterceptedWebsocket.between(visitor)
    await visitor.open("/register")
    await person.fill_in(visitor)
    wire.hold_after('"pending')
    await button_of(visitor).dblclick()
    await expect(button_of(visitor)).to_have_text("Creating your account…")
    await expect(visitor.page.locator("#register-form")).to_have_attribute("aria-busy", "true")
    await visitor.check()
    await button_of(visitor).click()
    await password_of(visitor).press("Enter")
    assert wire.sent("register_state.submit") == 1
    wire.release()
    await at_overview(visitor)
    await expect(visitor.page.locator("#activity").get_by_role("listitem")).to_have_count(2)
    await expect(visitor.page.locator("#activity").get_by_text("Account created")).to_have_count(1)
