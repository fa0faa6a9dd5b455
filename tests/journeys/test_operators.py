"""What an operator does on the command line reaches the open pages of a running server."""

from playwright.async_api import expect

from tests.journeys.forged_socket import DASHBOARD, forged
from tests.journeys.forms import ENDED, notice_of
from tests.journeys.operators import operate
from tests.journeys.person import Person
from tests.support.browser.visitor import Visitor
from tests.support.servers.live_server import LiveServer


async def test_a_locked_account_is_refused_from_the_next_event_and_page_on(
    signed_in: Visitor, person: Person, live_server: LiveServer
) -> None:
    cookie = await signed_in.cookie("autograph_session")
    header = f"autograph_session={cookie['value']}"
    async with forged(live_server.base_url, cookie=header) as socket:
        await socket.hydrate("/dashboard")
        await socket.until(person.email)  # a page that is open and works
        await operate(live_server, "user", "lock", person.email)
        before = len(await socket.settle())
        await socket.call(f"{DASHBOARD}.load")
        heard = (await socket.settle())[before:]
    assert person.email not in heard
    assert "/login?ended=1" in heard

    await signed_in.load("/dashboard")
    await signed_in.at("/login?next=%2Fdashboard")
    await expect(notice_of(signed_in)).to_have_text(ENDED)
