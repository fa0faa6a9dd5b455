"""Forgetting a password, and regaining access with the email."""

import re

import httpx
import pytest
from playwright.async_api import Locator, WebSocket, expect

from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import NEW_PASSWORD, forged
from tests.journeys.forms import CHECK_FIELD, alert_of, button_of, email_of, notice_of
from tests.journeys.operators import verify_address
from tests.journeys.person import Person, at_overview
from tests.journeys.test_forged_events import browser_of, tab_of, told
from tests.journeys.test_without_javascript import slow
from tests.journeys.two_step import Owner
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.visitor import DESKTOP, Device, Visitor, unique_address
from tests.support.mail.kept_messages import link_in_letter, wait_for_letter
from tests.support.servers.live_server import LiveServer

ASK, CHOOSE = "/password-reset", "/password-reset/confirm"
COOKIE = "autograph_link_password_reset"
NEW = "fourteen lanterns over calm water"
ON_ITS_WAY = "If there's an account for that email, we've sent a link."
SET = "Your password has been changed. Sign in with your new password."
USED = "That link was already used. Request a new one if you need it."
DONE = "That link was already used to set a new password. Sign in with that password."
UNKNOWN = "That link isn't valid. Open it again from our email, or request a new one."
_KEPT = "() => JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, history.state])"


def new_password_of(visitor: Visitor) -> Locator:
    return visitor.page.get_by_label("New password", exact=True)


def title_of(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("heading", level=1)


async def ask(visitor: Visitor, person: Person) -> None:
    """Request a link on the page."""
    await visitor.open(ASK)
    await email_of(visitor).fill(person.email)
    await button_of(visitor).click()
    await expect(notice_of(visitor)).to_have_text(ON_ITS_WAY)


async def ask_by_rest(server: LiveServer, person: Person) -> str:
    """Request a link over REST and return the one that arrives."""
    headers = {"X-Forwarded-For": unique_address()}
    url = f"{server.base_url}{ASK}/request"
    async with httpx.AsyncClient(verify=False) as client:
        assert (await client.post(url, json={"email": person.email}, headers=headers)).status_code == 200
    return await link_in_letter(server, person.email, CHOOSE)


async def follow(visitor: Visitor, link: str) -> None:
    """Open a link, and wait until the page has removed its token from the address."""
    await visitor.page.goto(link)
    await visitor.at(CHOOSE)
    await visitor.connected()


async def choose(visitor: Visitor, password: str = NEW) -> None:
    """Set a new password on the open page."""
    visitor.secrets.add(password)
    await new_password_of(visitor).fill(password)
    await button_of(visitor).click()


class Ears:
    """Records everything a browser profile sends and receives: addresses, Referers, websocket messages."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self.heard = visitor, list[str]()
        visitor.own_context.on(
            "request", lambda request: self._note(request.url, request.headers.get("referer"))
        )
        visitor.own_page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        # A page gets the headers of its own connection back; they are removed, as they reveal nothing new.
        socket.on("framesent", lambda frame: self._note(str(frame)))
        socket.on("framereceived", lambda frame: self._note(told(str(frame))))

    def _note(self, *said: str | None) -> None:
        self.heard += [one for one in said if one]

    async def check(self, secret: str) -> None:
        """Require that `secret` is in nothing recorded so far, nor in what the page stores."""
        assert self.heard
        assert not [said[:200] for said in self.heard if secret in said]
        assert secret not in await self._visitor.page.evaluate(_KEPT)
        assert secret not in await self._visitor.page.content()


@pytest.mark.phone_too
async def test_a_password_reset_from_request_to_new_password(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    ears = Ears(visitor)
    await visitor.open("/login")
    await email_of(visitor).fill(member.email)
    await visitor.page.get_by_role("link", name="Forgot password?").click()
    await visitor.at(ASK)
    await expect(visitor.page).to_have_title("Forgot your password? · AutoGraph")
    await expect(title_of(visitor)).to_be_focused()
    await expect(email_of(visitor)).to_have_value(member.email)
    await visitor.check()
    await button_of(visitor).click()
    await expect(notice_of(visitor)).to_have_text(ON_ITS_WAY)
    await expect(title_of(visitor)).to_have_text("Check your email")
    await expect(button_of(visitor)).to_be_disabled()
    await expect(button_of(visitor)).to_have_text("Send another link")
    await expect(visitor.page.locator("[data-wait]")).to_have_text(re.compile(r"^0:5\d$"))
    await visitor.check()

    link = await link_in_letter(live_server, member.email, CHOOSE)
    token = link.partition("#token=")[2]
    assert link == f"{live_server.base_url}{CHOOSE}#token={token}"
    await follow(visitor, link)
    await expect(visitor.page.locator(".whose")).to_have_text(f"Account: {member.email}")
    cookie = await visitor.cookie(COOKIE)
    assert (cookie["value"], cookie["httpOnly"]) == (token, True)
    await new_password_of(visitor).fill(NEW)
    await expect(visitor.page.get_by_role("meter")).to_have_attribute("aria-valuenow", "4")
    await visitor.check()
    await choose(visitor)
    await visitor.at("/login")
    await expect(notice_of(visitor)).to_have_text(SET)
    await expect(email_of(visitor)).to_have_value(member.email)
    assert await visitor.cookie(COOKIE) is None
    await visitor.check()
    await ears.check(token)

    await Person(member.email, NEW).sign_in(visitor)
    assert await wait_for_letter(live_server, member.email, "Your password was changed")
    await ears.check(token)


async def test_back_after_use_shows_no_form_and_no_token(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    link = await ask_by_rest(live_server, member)
    await visitor.open("/")
    await follow(visitor, link)
    await choose(visitor)
    await visitor.at("/login")
    await visitor.connected()
    await visitor.page.go_back()
    await visitor.at(CHOOSE)
    await visitor.connected()
    await expect(title_of(visitor)).to_have_text("Use the link in your email")
    await visitor.page.go_back()
    await visitor.at("/")
    assert int(await visitor.page.evaluate("() => history.length")) <= 4


async def test_a_used_link_says_so_and_a_new_one_is_to_be_had_right_there(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    link = await ask_by_rest(live_server, member)
    await follow(visitor, link)
    await choose(visitor)
    await visitor.at("/login")
    await follow(visitor, link)
    await expect(notice_of(visitor)).to_have_text(DONE)
    await expect(new_password_of(visitor)).to_have_count(0)
    await visitor.check()
    await email_of(visitor).fill(member.email)
    await button_of(visitor).click()
    await expect(notice_of(visitor)).to_have_text(ON_ITS_WAY)
    await visitor.check()
    await follow(visitor, await link_in_letter(live_server, member.email, CHOOSE, 2))
    await expect(new_password_of(visitor)).to_be_visible()


async def test_a_broken_link_is_explained_and_the_text_can_be_pasted(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    link = await ask_by_rest(live_server, member)
    await follow(visitor, link[:-5])
    await expect(alert_of(visitor)).to_have_text(UNKNOWN)
    await visitor.page.get_by_text("Paste the link instead").click()
    await visitor.check()
    await visitor.page.get_by_label("Link from the email").fill(link)
    await visitor.page.get_by_role("button", name="Continue").click()
    await expect(new_password_of(visitor)).to_be_visible()
    await visitor.connected()
    await choose(visitor)
    await visitor.at("/login")


async def test_the_page_without_a_link_tells_what_to_do(visitor: Visitor) -> None:
    await visitor.open(CHOOSE)
    await expect(title_of(visitor)).to_have_text("Use the link in your email")
    await expect(alert_of(visitor)).to_be_empty()
    await visitor.check()


async def test_the_link_opened_again_in_a_tab_that_shows_its_page(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    await visitor.open(CHOOSE)
    link = await ask_by_rest(live_server, member)
    await visitor.page.goto(link)  # only the fragment differs: nothing is loaded
    await expect(new_password_of(visitor)).to_be_visible()
    await visitor.at(CHOOSE)
    assert await visitor.cookie(COOKIE)


async def test_a_weak_password_is_explained_and_the_link_goes_on(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    await follow(visitor, await ask_by_rest(live_server, member))
    await choose(visitor, "password1")
    await expect(alert_of(visitor)).to_have_text(CHECK_FIELD)
    await expect(new_password_of(visitor)).to_be_focused()
    await expect(new_password_of(visitor)).to_have_attribute("aria-invalid", "true")
    await visitor.check()
    await visitor.page.get_by_role("button", name="Show new password").click()
    await expect(new_password_of(visitor)).to_have_attribute("type", "text")
    await choose(visitor)
    await visitor.at("/login")


async def test_the_form_waits_and_ignores_repeats(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    link = await ask_by_rest(live_server, member)
    wire = await InterceptedWebsocket.between(visitor)
    await follow(visitor, link)
    wire.hold_after('"pending')
    await choose(visitor)
    await expect(button_of(visitor)).to_have_text("Saving…")
    await button_of(visitor).click()
    wire.release()
    await visitor.at("/login")
    assert wire.sent(".choose") == 1


async def test_two_tabs_and_one_link(visitor: Visitor, member: Person, live_server: LiveServer) -> None:
    link = await ask_by_rest(live_server, member)
    await follow(visitor, link)
    other = await visitor.tab()
    await follow(other, link)
    await choose(visitor)
    await visitor.at("/login")
    await choose(other, "another seven wooden boats")
    await expect(alert_of(other)).to_have_text(USED)
    await other.check()
    await visitor.connected()
    await Person(member.email, NEW).sign_in(visitor)


async def test_whoever_was_signed_in_is_asked_to_sign_in(
    visit: Visit, device: Device, member: Person, live_server: LiveServer
) -> None:
    elsewhere, visitor = await visit(device), await visit(device)
    await member.come_back(elsewhere)
    await elsewhere.open("/dashboard")
    await at_overview(elsewhere)
    await follow(visitor, await ask_by_rest(live_server, member))
    await choose(visitor)
    await visitor.at("/login")
    await elsewhere.load("/dashboard")
    await expect(elsewhere.page).to_have_url(re.compile("/login"))


async def test_the_second_step_is_still_asked_for(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    # At an address that was not verified before, the link would void the second factor.
    verify_address(live_server, member.email)
    owner = await Owner.of(member, live_server)
    await follow(visitor, await ask_by_rest(live_server, member))
    await choose(visitor)
    await visitor.at("/login")
    await visitor.connected()
    await Person(member.email, NEW).fill_in(visitor)
    await visitor.page.get_by_role("button", name="Sign in").click()
    await visitor.page.get_by_label("Verification code").fill(await owner.phone.code())
    await visitor.page.get_by_role("button", name="Verify").click()
    await at_overview(visitor)


async def test_a_stranger_sees_the_very_same(visit: Visit, device: Device, person: Person) -> None:
    visitor = await visit(device)
    await ask(visitor, person)
    await expect(visitor.page.locator("#sent")).to_be_visible()


async def test_the_limit_of_an_address_counts_down(
    visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    address = unique_address()
    async with httpx.AsyncClient(headers={"X-Forwarded-For": address}, verify=False) as client:
        for _ in range(10):
            await client.post(f"{live_server.base_url}{ASK}/request", json={"email": person.email})
    visitor = await visit(device, address=address)
    await visitor.open(ASK)
    await email_of(visitor).fill(person.email)
    await button_of(visitor).click()
    await expect(alert_of(visitor)).to_contain_text("Too many attempts. Try again in 59 min")
    await expect(button_of(visitor)).to_be_disabled()
    await visitor.check()


async def test_nonsense_is_explained_beside_the_field(visitor: Visitor) -> None:
    await visitor.open(ASK)
    await email_of(visitor).fill("nonsense")
    await button_of(visitor).click()
    await expect(alert_of(visitor)).to_have_text(CHECK_FIELD)
    await expect(email_of(visitor)).to_be_focused()


async def test_without_javascript_the_link_is_pasted(
    visit: Visit, device: Device, member: Person, live_server: LiveServer
) -> None:
    visitor = await visit(device, javascript=False)
    await visitor.load(ASK)
    assert await visitor.overflow() <= 0
    await email_of(visitor).fill(member.email)
    await button_of(visitor).click()
    await visitor.at(ASK)
    await visitor.load(CHOOSE)
    assert await visitor.overflow() <= 0
    await visitor.page.get_by_label("Link from the email").fill(
        await link_in_letter(live_server, member.email, CHOOSE)
    )
    await visitor.page.get_by_role("button", name="Continue").click()
    await visitor.at(CHOOSE)
    visitor.secrets.add(NEW)
    await new_password_of(visitor).fill(NEW)
    await button_of(visitor).click()
    await visitor.at("/login")
    await Person(member.email, NEW).fill_in(visitor)
    await button_of(visitor).click()
    await visitor.at("/dashboard")


async def test_both_forms_work_before_the_page_is_alive(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    delay = await slow(visitor)
    await visitor.page.goto(visitor.base_url + ASK, wait_until="commit")
    await email_of(visitor).fill(member.email)
    await button_of(visitor).click()
    link = await link_in_letter(live_server, member.email, CHOOSE)
    await visitor.page.goto(link, wait_until="commit")
    await visitor.page.wait_for_url(f"**{CHOOSE}", wait_until="commit")
    visitor.secrets.add(NEW)
    await new_password_of(visitor).fill(NEW)
    await button_of(visitor).click()
    await visitor.page.wait_for_url("**/login#said-*", wait_until="commit")
    delay.end()
    await expect(notice_of(visitor)).to_have_text(SET)


async def test_what_was_sent_early_is_confirmed_once_the_page_is_alive(
    visitor: Visitor, member: Person
) -> None:
    delay = await slow(visitor)
    await visitor.page.goto(visitor.base_url + ASK, wait_until="commit")
    await email_of(visitor).fill(member.email)
    async with visitor.page.expect_navigation(wait_until="commit"):
        await button_of(visitor).click()
    delay.end()
    await expect(notice_of(visitor)).to_have_text(ON_ITS_WAY)
    await expect(email_of(visitor)).to_have_value(member.email)


async def test_without_the_cookie_of_a_link_no_handler_does_anything(
    visit: Visit, person: Person, brittle_server: LiveServer
) -> None:
    person.join(brittle_server)
    visitor = await visit(DESKTOP, brittle_server)
    await follow(visitor, await ask_by_rest(brittle_server, person))
    await expect(visitor.page.locator(".whose")).to_have_text(f"Account: {person.email}")
    tab, browser = await tab_of(visitor), await browser_of(visitor)
    await visitor.page.close()
    async with forged(brittle_server.base_url, token=tab, browser=browser) as socket:
        await socket.settle()
        for form in ({"password": NEW}, {"password": NEW, "token": "x" * 43}, {"password": [NEW]}, "x", None):
            await socket.call(f"{NEW_PASSWORD}.choose", {"form": form}, CHOOSE)
        for handler in ("load", "_read_link", "_choose"):
            await socket.call(
                f"{NEW_PASSWORD}.{handler}", {"password": NEW} if handler == "_choose" else {}, CHOOSE
            )
        heard = told(await socket.settle())
    assert UNKNOWN in heard
    assert person.email not in heard
    tab_again = await visitor.tab()
    await tab_again.open("/login")
    await person.sign_in(tab_again)
