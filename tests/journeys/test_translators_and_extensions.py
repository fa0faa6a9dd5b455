"""Pages that the browser translates or extensions fill in work like others."""

import pytest
from playwright.async_api import Locator, expect

from autograph_web.ui.messages import PROMPTS
from tests.journeys.conftest import Visit
from tests.journeys.forms import CHECK_FIELD, MISMATCH, alert_of, button_of, email_of, password_of
from tests.journeys.person import WRONG, Person, at_overview
from tests.journeys.test_api_keys import make, open_keys
from tests.journeys.translators_and_extensions import decorate, translate, translate_now
from tests.journeys.two_step import (
    TURNED_ON,
    WRONG_CODE,
    Owner,
    Phone,
    ask,
    at_step,
    code_is_refused,
    code_of,
    open_security,
    put_codes_away,
    shown_codes,
    shown_key,
    type_code,
    use_recovery_code,
)
from tests.support.browser.visitor import Visitor
from tests.support.clients.authenticator import Authenticator
from tests.support.servers.live_server import LiveServer

# React reports this when the page differs from the one that was sent, and renders it again.
DRAWN_ANEW = r"Minified React error #4(18|23|25)"
HOW = ("moved", "replaced")


@pytest.fixture(params=HOW)
def how(request: pytest.FixtureRequest) -> str:
    """How the text nodes are changed."""
    return request.param


def error_of(visitor: Visitor, field: str) -> Locator:
    return visitor.page.locator(f"#{field}-error")


async def test_a_sign_in_page_translated_while_it_is_open_goes_on_telling_what_is_wrong(
    visit: Visit, member: Person, how: str
) -> None:
    visitor = await visit()
    await visitor.open("/login")
    await translate_now(visitor, how)
    await password_of(visitor).fill(WRONG)
    await button_of(visitor).click()
    await expect(error_of(visitor, "email")).to_have_text(PROMPTS["email"])
    await email_of(visitor).fill(member.email)
    await button_of(visitor).click()
    await expect(alert_of(visitor)).to_have_text(MISMATCH)
    await expect(error_of(visitor, "email")).to_have_text("")
    await password_of(visitor).fill("")
    await button_of(visitor).click()
    await expect(error_of(visitor, "password")).to_have_text(PROMPTS["password"])
    await expect(alert_of(visitor)).to_have_text(CHECK_FIELD)
    await member.sign_in(visitor)


async def test_everything_a_translated_account_makes_is_shown(visit: Visit, person: Person, how: str) -> None:
    visitor = await visit()
    visitor.allow(DRAWN_ANEW)
    await translate(visitor, how)
    await person.register(visitor)
    await open_keys(visitor)
    await make(visitor, "nightly")
    await expect(visitor.page.locator("#keys li")).to_contain_text("nightly")
    await open_security(visitor)
    await ask(visitor, "turn-on")
    phone = Phone(Authenticator(await shown_key(visitor)))
    await type_code(visitor, phone.wrong_code())
    await code_is_refused(visitor, WRONG_CODE)
    await type_code(visitor, await phone.code())
    await shown_codes(visitor)
    await put_codes_away(visitor, TURNED_ON)


async def test_translated_words_change_in_place(
    visit: Visit, member: Person, live_server: LiveServer, how: str
) -> None:
    visitor = await visit()
    await visitor.open("/login")
    await translate_now(visitor, how)
    owner = await Owner.of(member, live_server)
    await owner.show_password(visitor)
    title = visitor.page.get_by_role("heading", level=1)
    await expect(title).to_have_text("Enter your code")
    switch = visitor.page.locator("#switch-code")
    await use_recovery_code(visitor)
    await expect(switch).to_have_text("Use your authenticator app instead")
    await switch.click()
    await expect(switch).to_have_text("Use a recovery code")
    await use_recovery_code(visitor)
    await code_of(visitor).fill(owner.paper.pop())
    await button_of(visitor).click()
    await at_overview(visitor)


async def test_the_clock_of_a_translated_page_goes_on(visit: Visit, person: Person, how: str) -> None:
    visitor = await visit()
    await person.come_in(visitor)
    await visitor.open("/dashboard")
    await translate_now(visitor, how)
    await visitor.page.locator("#unverified").get_by_role("button").click()
    clock = visitor.page.locator("#resent .clock")
    await expect(clock).to_have_text("0:58")
    await expect(clock).to_have_text("0:57")


async def test_the_times_of_a_translated_list_are_those_of_its_rows(
    visit: Visit, person: Person, how: str
) -> None:
    visitor = await visit()
    visitor.allow(DRAWN_ANEW)
    await translate(visitor, how)
    await person.come_in(visitor)
    await visitor.open("/settings/activity")
    times = visitor.page.locator("time[data-local]")
    await expect(times.first).to_contain_text("Today, ")
    await visitor.page.get_by_label("Date", exact=True).select_option("Last 24 hours")
    await expect(times.first).to_contain_text("Today, ")


async def test_what_extensions_put_into_forms_is_in_nobodys_way(visit: Visit, person: Person) -> None:
    visitor = await visit()
    visitor.allow(DRAWN_ANEW)
    await decorate(visitor)
    await visitor.open("/register")
    await expect(visitor.page.locator(".icon-of-an-extension").first).to_be_attached()
    await person.fill_in(visitor, "short")
    await button_of(visitor).click()
    await expect(error_of(visitor, "password")).not_to_have_text("")
    await person.register(visitor)
    await open_security(visitor)
    await ask(visitor, "turn-on")
    phone = Phone(Authenticator(await shown_key(visitor)))
    await type_code(visitor, await phone.code())
    await shown_codes(visitor)
    await put_codes_away(visitor, TURNED_ON)
    await ask(visitor, "turn-off")
    await at_step(visitor, "confirm")
