"""A tab belongs to its browser: knowing its token, for example from a proxy's log, gives no access to it."""

import asyncio
import json
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.async_api import expect
from simple_websocket import ConnectionError as Refused

from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import FORGOTTEN, SIGN_IN, forged
from tests.journeys.person import Person
from tests.journeys.test_forged_events import browser_of, cookie_of, tab_of
from tests.journeys.test_trouble import NO_CONNECTION
from tests.journeys.two_step import Owner, code_of
from tests.support.browser.visitor import DESKTOP
from tests.support.servers.live_server import LiveServer

TICKET = re.compile(r'ticket_rx_state_":"[^"]')
TYPED = "mina.at.work@northwind.dev"
BROWSERS = tuple(letter * 43 for letter in "abcdefgh")


async def heard_by(server: LiveServer, tab: str, browser: str) -> str:
    """Connect as a browser's tab does after losing its connection, and return what the server sent."""
    async with forged(server.base_url, token=tab, browser=browser) as socket:
        return await socket.settle()


async def type_email(server: LiveServer, tab: str, browser: str, email: str) -> None:
    async with forged(server.base_url, token=tab, browser=browser) as socket:
        await socket.hydrate("/login")
        await socket.call(f"{FORGOTTEN}.ask", {"form": {"email": email}}, "/password-reset")
        await socket.until(email)


@pytest.mark.parametrize("other", [BROWSERS[1], "", "a" * 42, "a" * 44, "a" * 42 + "!"])
async def test_what_was_typed_is_shown_to_its_own_browser_alone(
    brittle_server: LiveServer, other: str
) -> None:
    tab = str(uuid4())
    await type_email(brittle_server, tab, BROWSERS[0], TYPED)

    assert TYPED not in await heard_by(brittle_server, tab, other)
    assert TYPED in await heard_by(brittle_server, tab, BROWSERS[0])


async def test_browsers_that_race_for_a_token_have_a_tab_each(brittle_server: LiveServer) -> None:
    tab = str(uuid4())
    emails = {browser: f"{browser[0]}.racer@northwind.dev" for browser in BROWSERS}
    await asyncio.gather(*(type_email(brittle_server, tab, *each) for each in emails.items()))

    heard = await asyncio.gather(*(heard_by(brittle_server, tab, browser) for browser in BROWSERS))

    assert [{email for email in emails.values() if email in one} for one in heard] == [
        {email} for email in emails.values()
    ]


async def test_a_page_that_is_open_is_shown_to_its_own_browser_alone(
    brittle_server: LiveServer, new_person: Callable[[], Person]
) -> None:
    owner, thief = new_person(), new_person()
    for person in (owner, thief):
        person.join(brittle_server)
    tab, own = str(uuid4()), cookie_of(brittle_server, owner)
    async with forged(brittle_server.base_url, token=tab, browser=BROWSERS[0], cookie=own) as socket:
        assert owner.email in await socket.hydrate("/dashboard")

    for cookie in ("", cookie_of(brittle_server, thief)):
        async with forged(brittle_server.base_url, token=tab, browser=BROWSERS[1], cookie=cookie) as socket:
            assert owner.email not in await socket.settle()
            assert owner.email not in await socket.hydrate("/dashboard")
    async with forged(brittle_server.base_url, token=tab, browser=BROWSERS[0], cookie=own) as socket:
        assert owner.email in await socket.settle()


async def test_no_log_of_ours_has_the_token_of_a_tab(brittle_server: LiveServer) -> None:
    tab = str(uuid4())
    await type_email(brittle_server, tab, BROWSERS[0], TYPED)
    async with forged(brittle_server.base_url, token=tab, browser=BROWSERS[0]) as socket:
        await socket.emit("event", {"name": "nobody.knows", "token": tab, "payload": {"token": tab}})
        await socket.say("42/_event,[")
        assert await socket.is_closed()
    with pytest.raises(Refused):
        async with forged(
            brittle_server.base_url, token=tab, headers={"Origin": "https://elsewhere.example"}
        ):
            pass
    assert tab not in brittle_server.log


async def test_without_a_cookie_each_connection_is_a_tab_of_its_own(brittle_server: LiveServer) -> None:
    tab = str(uuid4())
    await type_email(brittle_server, tab, "", TYPED)
    assert TYPED not in await heard_by(brittle_server, tab, "")


async def test_a_copy_of_an_open_tab_goes_on_by_itself(brittle_server: LiveServer) -> None:
    tab, browser = str(uuid4()), BROWSERS[0]
    async with forged(brittle_server.base_url, token=tab, browser=browser) as original:
        await original.hydrate("/login")
        async with forged(brittle_server.base_url, token=tab, browser=browser) as copy:
            await copy.until("new_token")
            [told] = [line for line in copy.heard.splitlines() if "new_token" in line]
            own = json.loads(told.partition(",")[2])[1]
            await copy.hydrate("/login")
            await copy.call(f"{FORGOTTEN}.ask", {"form": {"email": TYPED}}, "/password-reset")
            await copy.until(TYPED)
        assert TYPED not in await original.settle()
    assert own != tab
    assert TYPED in await heard_by(brittle_server, own, browser)
    assert TYPED not in await heard_by(brittle_server, tab, browser)


async def test_a_sign_in_under_way_is_not_finished_by_who_knows_its_token(
    brittle_server: LiveServer, visit: Visit, person: Person
) -> None:
    person.join(brittle_server)
    owner = await Owner.of(person, brittle_server)
    victim = await visit(DESKTOP, brittle_server)
    await victim.open("/login")
    await person.fill_in(victim)
    await victim.page.get_by_role("button", name="Sign in").click()
    await expect(code_of(victim)).to_be_focused()
    tab, browser = await tab_of(victim), await browser_of(victim)
    await victim.page.close()
    code = {"form": {"code": await owner.phone.code()}}

    async with forged(brittle_server.base_url, token=tab) as thief:
        assert person.email not in await thief.settle()
        await thief.call(f"{SIGN_IN}.verify", code, "/login")
        assert not TICKET.search(await thief.settle())
    async with forged(brittle_server.base_url, token=tab, browser=browser) as back_again:
        assert person.email in await back_again.settle()
        await back_again.call(f"{SIGN_IN}.verify", code, "/login")
        assert TICKET.search(await back_again.settle())


async def test_a_browser_that_drops_its_cookies_starts_over(
    brittle_server: LiveServer, visit: Visit, person: Person
) -> None:
    person.join(brittle_server)
    visitor = await visit(DESKTOP, brittle_server)
    visitor.allow(*NO_CONNECTION)
    await visitor.open("/login")
    before = await browser_of(visitor)
    await visitor.own_context.clear_cookies()
    await visitor.own_context.set_offline(True)
    await visitor.own_context.set_offline(False)
    await visitor.connected()
    await visitor.open("/login")
    assert await browser_of(visitor) != before
    await person.sign_in(visitor)
