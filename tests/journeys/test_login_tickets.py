"""The step from the websocket to the cookie: what it leaves behind, and what a second try is worth."""

from collections.abc import Callable
from urllib.parse import parse_qs

from playwright.async_api import Request, expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import alert_of, button_of
from tests.journeys.person import Person, at_overview
from tests.support.browser.visitor import Visitor
from tests.support.servers.live_server import LiveServer

_STORED = """() => JSON.stringify(
  [{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state])"""


async def sign_in_watched(visitor: Visitor, person: Person, server: LiveServer) -> tuple[str, list[Request]]:
    """Sign in at the page; return the ticket and all requests."""
    requests: list[Request] = []

    def heard(request: Request) -> None:
        requests.append(request)

    visitor.own_context.on("request", heard)
    await visitor.open("/login")
    await person.sign_in(visitor)
    claim = next(request for request in requests if request.url.endswith("/session/claim"))
    assert claim.method == "POST"
    ticket = parse_qs(claim.post_data or "")["ticket"][0]
    server.secrets.add(ticket)
    return ticket, requests


async def test_the_ticket_leaves_no_trace(visitor: Visitor, member: Person, live_server: LiveServer) -> None:
    ticket, requests = await sign_in_watched(visitor, member, live_server)
    assert len(ticket) >= 43
    assert not [request.url for request in requests if ticket in request.url]
    assert not [request for request in requests if ticket in request.headers.get("referer", "")]
    assert ticket not in await visitor.page.evaluate(_STORED)
    assert ticket not in await visitor.page.content()
    await visitor.page.go_back()
    await at_overview(visitor)
    assert ticket not in live_server.log


async def test_a_ticket_works_once(visit: Visit, member: Person, live_server: LiveServer) -> None:
    visitor, thief = await visit(), await visit()
    ticket, _ = await sign_in_watched(visitor, member, live_server)
    for value in (ticket, "", "x" * 43, ticket + "x"):
        answer = await thief.context.request.post(
            f"{thief.base_url}/session/claim",
            form={"ticket": value},
            headers={"Origin": thief.base_url},
            max_redirects=0,
        )
        assert answer.status == 303
        assert answer.headers["location"] == "/login"
        assert await thief.cookie("autograph_session") is None
    await thief.open("/login")
    await expect(alert_of(thief)).to_have_text("That took too long. Sign in again.")
    await thief.check()


async def test_another_site_cannot_use_one(visit: Visit, member: Person, live_server: LiveServer) -> None:
    visitor = await visit()
    await visitor.own_page.route("**/session/claim", lambda route: route.abort())
    visitor.allow("session/claim", "ERR_FAILED")
    claims: list[Request] = []
    visitor.own_page.on("request", lambda request: claims.append(request) if "claim" in request.url else None)
    await visitor.open("/login")
    await member.fill_in(visitor)
    async with visitor.page.expect_request("**/session/claim"):
        await button_of(visitor).click()
    ticket = parse_qs(claims[0].post_data or "")["ticket"][0]
    live_server.secrets.add(ticket)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        answer = await visitor.context.request.post(
            f"{visitor.base_url}/session/claim", form={"ticket": ticket}, headers=headers, max_redirects=0
        )
        assert answer.status == 403
        assert await visitor.cookie("autograph_session") is None


async def test_the_cookie_is_out_of_reach_of_scripts(signed_in: Visitor) -> None:
    await signed_in.open("/dashboard")
    cookie = await signed_in.cookie("autograph_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["path"] == "/"
    stored = await signed_in.page.evaluate(_STORED)
    assert cookie["value"] not in stored
    assert "autograph_" not in stored
    for one in await signed_in.context.cookies():
        assert one.get("httpOnly"), one.get("name")


async def test_a_planted_cookie_is_replaced_at_sign_in(visit: Visit, member: Person) -> None:
    visitor = await visit()
    planted = "planted" * 12
    await visitor.context.add_cookies(
        [{"name": "autograph_session", "value": planted, "url": visitor.base_url}]
    )
    await visitor.open("/login")
    await member.sign_in(visitor)
    first = (await visitor.cookie("autograph_session"))["value"]
    assert first != planted
    await visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    await visitor.at("/login")
    await visitor.connected()
    await member.sign_in(visitor)
    assert (await visitor.cookie("autograph_session"))["value"] != first


async def test_a_secret_is_revealed_once_and_to_its_owner(
    visit: Visit, person: Person, new_member: Callable[[], Person]
) -> None:
    visitor, thief = await visit(), await visit()
    await person.come_in(visitor)
    await new_member().come_back(thief)
    assert await reveal(visitor, await revealed_ticket(visitor)) == 400

    # Here the page never had it, so the ticket is still good; but not for everybody.
    visitor.allow("session/reveal", "ERR_FAILED")
    await visitor.own_page.route("**/session/reveal", lambda route: route.abort())
    ticket = await revealed_ticket(visitor)
    assert await reveal(visitor, ticket, "https://evil.example") == 403
    assert await reveal(thief, ticket) == 400


async def revealed_ticket(visitor: Visitor) -> str:
    """Begin to set up an authenticator; return the ticket with which the page asks for the key."""
    await visitor.open("/settings/security")
    async with visitor.page.expect_request("**/session/reveal") as asked:
        await visitor.page.get_by_role("button", name="Turn on", exact=True).click()
    await expect(visitor.page.locator("[data-revealed]")).to_be_visible()
    ticket = parse_qs((await asked.value).post_data or "")["ticket"][0]
    visitor.secrets.add(ticket)
    return ticket


async def reveal(visitor: Visitor, ticket: str, origin: str = "") -> int:
    """Ask for the secret behind a ticket."""
    answer = await visitor.context.request.post(
        f"{visitor.base_url}/session/reveal",
        form={"ticket": ticket},
        headers={"Origin": origin or visitor.base_url},
    )
    assert "otpauth" not in await answer.text()
    return answer.status
