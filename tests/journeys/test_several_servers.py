"""Two servers behind one address: they act as one installation, and one of them may be killed."""

import re
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from http.cookies import SimpleCookie
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from autograph_web.container import Services, build_services
from autograph_web.http.errors import BodyTooLarge
from autograph_web.http.guards import MOST_BODY_BYTES
from autograph_web.http.problems import problem_response
from autograph_web.infra.errors import Unavailable
from autograph_web.lifespan import opened
from deploy.proxy import SITE, nginx
from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import FORGOTTEN, ForgedSocket, forged
from tests.journeys.forms import banner_of, button_of, email_of, password_of
from tests.journeys.person import WRONG, Person, at_overview
from tests.journeys.test_trouble import NO_CONNECTION
from tests.journeys.two_step import Owner, code_of, type_code
from tests.support.browser.visitor import DESKTOP, Visitor
from tests.support.servers.live_server import LiveServer
from tests.support.servers.several_servers import SeveralServers
from tests.support.services.factories import context, prove

pytestmark = pytest.mark.xdist_group("several-servers")

_JSON = {"Content-Type": "application/json"}
_COOKIE = "__Host-autograph_session"
_ELSEWHERE = ("websocket error", "50[234]", "ERR_(CONNECTION_RESET|EMPTY_RESPONSE|CONNECTION_CLOSED)")


@pytest_asyncio.fixture(loop_scope="session")
async def third(several_servers: SeveralServers) -> AsyncGenerator[Services]:
    """A third server of the installation, whose actions certainly happen on another server."""
    async with opened(build_services(several_servers.settings)) as built:
        yield built


@pytest.fixture
def resident(person: Person, several_servers: SeveralServers) -> Person:
    """A user with an account here."""
    person.join(several_servers.nodes[0])
    return person


def credentials(person: Person, password: str = "") -> dict[str, str]:
    return {"email": person.email, "password": password or person.password}


async def come(visit: Visit, servers: SeveralServers) -> Visitor:
    """Open a browser profile at the public address."""
    return await visit(DESKTOP, servers, ignore_https_errors=True)  # pyright: ignore[reportArgumentType]


def status_of_me(client: httpx.Client, **headers: str) -> int:
    return client.get("/me", headers=headers).status_code


async def test_tokens_of_one_server_are_good_and_over_at_the_other(
    several_servers: SeveralServers, resident: Person
) -> None:
    with several_servers.client_of(0) as first, several_servers.client_of(1) as second:
        pair = first.post("/login", json=credentials(resident)).json()
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        assert status_of_me(second, **bearer) == 200
        pair = second.post("/refresh", json={"refresh_token": pair["refresh_token"]}).json()
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        assert status_of_me(first, **bearer) == 200
        assert second.post("/logout", headers=bearer).status_code == 200
        assert status_of_me(first, **bearer) == 401
        assert first.post("/refresh", json={"refresh_token": pair["refresh_token"]}).status_code == 401


async def test_a_ticket_is_claimed_at_another_server_and_only_once(
    several_servers: SeveralServers, third: Services, resident: Person
) -> None:
    ticket = await third.login_tickets.issue(await prove(third, resident.email, resident.password))
    with several_servers.client_of(0) as first, several_servers.client_of(1) as second:
        claimed = second.post("/session/claim", data={"ticket": ticket})
        assert claimed.headers["location"] == "/dashboard"
        cookie = SimpleCookie("; ".join(claimed.headers.get_list("set-cookie")))[_COOKIE].value
        kept = {"Cookie": f"{_COOKIE}={cookie}"}
        for client in (first, second):
            assert status_of_me(client, **kept) == 200
            assert client.get("/dashboard", headers=kept).status_code == 200
        assert first.post("/session/claim", data={"ticket": ticket}).headers["location"] == "/login"
        await third.sessions.end(context(), await third.sessions.authenticate_cookie(cookie))
        for client in (first, second):
            assert status_of_me(client, **kept) == 401
            assert client.get("/dashboard", headers=kept).headers["location"].startswith("/login?")


async def test_a_tab_is_found_at_another_server_with_its_browsers_cookie_alone(
    several_servers: SeveralServers,
) -> None:
    first, second = several_servers.nodes
    tab, typed = str(uuid4()), "mina.elsewhere@northwind.dev"
    origin = {"Origin": several_servers.base_url}

    def at(node: LiveServer, browser: str) -> AbstractAsyncContextManager[ForgedSocket]:
        cookie = f"__Host-autograph_browser={browser}"
        return forged(node.base_url, token=tab, browser="", cookie=cookie, headers=origin)

    async with at(first, "a" * 43) as socket:
        await socket.hydrate("/login")
        await socket.call(f"{FORGOTTEN}.ask", {"form": {"email": typed}}, "/password-reset")
        await socket.until(typed)
    async with at(second, "b" * 43) as socket:
        assert typed not in await socket.settle()
    async with at(second, "a" * 43) as socket:
        assert typed in await socket.settle()


async def test_tries_are_counted_together(several_servers: SeveralServers, resident: Person) -> None:
    address = "203.0.113.66"
    with several_servers.client_of(0, address) as first, several_servers.client_of(1, address) as second:
        for client in (first, second, first, second, first):
            assert client.post("/login", json=credentials(resident, WRONG)).status_code == 401
        assert second.post("/login", json=credentials(resident)).status_code == 429
        assert first.post("/login", json=credentials(resident)).status_code == 429


async def test_an_end_elsewhere_reaches_the_open_page(
    visit: Visit, several_servers: SeveralServers, third: Services, resident: Person
) -> None:
    visitor = await come(visit, several_servers)
    await visitor.open("/login")
    await resident.sign_in(visitor)
    cookie = (await visitor.cookie(_COOKIE))["value"]
    await third.sessions.end(context(), await third.sessions.authenticate_cookie(cookie))
    await expect(visitor.page).to_have_url(f"{visitor.base_url}/login?ended=1&next=/dashboard")


async def test_a_killed_server_is_not_missed_in_the_middle_of_signing_in(
    visit: Visit, several_servers: SeveralServers, resident: Person
) -> None:
    """Each is killed once, so one of them was certainly the page's."""
    owner = await Owner.of(resident, several_servers.nodes[0])
    visitor = await come(visit, several_servers)
    visitor.allow(*NO_CONNECTION, *_ELSEWHERE)
    await visitor.open("/login")
    await resident.fill_in(visitor)
    await kill_each(several_servers, visitor)
    await expect(email_of(visitor)).to_have_value(resident.email)
    await expect(password_of(visitor)).to_have_value(resident.password)
    await button_of(visitor).click()
    await expect(code_of(visitor)).to_be_focused()

    await kill_each(several_servers, visitor)
    await type_code(visitor, await owner.phone.code())
    await at_overview(visitor)


async def kill_each(servers: SeveralServers, visitor: Visitor) -> None:
    """Kill one server after the other, each time until the page is connected again."""
    for node in servers.nodes:
        node.kill()
        await visitor.connected()
        await expect(banner_of(visitor)).to_be_hidden(timeout=30_000)
        node.start()


@pytest.mark.skipif(nginx() is None, reason="nginx is not installed")
class TestNginx:
    """The configuration that operators copy (deploy/nginx)."""

    async def test_it_passes_on_what_the_product_says(self, several_servers: SeveralServers) -> None:
        with several_servers.client() as client:
            page = client.get("/login")
            assert page.status_code == 200
            assert "strict-transport-security" not in page.headers  # localhost
            assert "script-src 'self'" in page.headers["content-security-policy"]
            script = re.search(r"/assets/[\w.-]+\.js", page.text)
            assert script
            asset = client.get(script[0], headers={"Accept-Encoding": "br"})
            assert "immutable" in asset.headers["cache-control"]
            assert asset.headers["content-encoding"] == "br"

    async def test_it_keeps_the_metrics_and_other_names_to_itself(
        self, several_servers: SeveralServers
    ) -> None:
        with several_servers.client() as client:
            for path in ("/metrics", "//metrics", "/%6detrics", "/./metrics", "/metrics/"):
                answer = client.get(f"{several_servers.base_url}{path}")
                assert answer.status_code == 404
                assert "x-request-id" not in answer.headers, "the product was asked"

    async def test_what_it_answers_itself_is_what_the_product_would(
        self, several_servers: SeveralServers
    ) -> None:
        with several_servers.client() as client:
            within = client.post("/login", content=b" " * MOST_BODY_BYTES, headers=_JSON)
            assert within.status_code == 400
            beyond = client.post("/login", content=b" " * (MOST_BODY_BYTES + 1), headers=_JSON)
            assert beyond.status_code == 413
            assert beyond.content == problem_response(BodyTooLarge()).body
            assert beyond.headers["content-type"] == "application/problem+json"
        assert bytes(problem_response(Unavailable()).body).decode().replace("'", r"\'") in SITE.read_text()

    async def test_a_stranger_cannot_choose_an_address(
        self, several_servers: SeveralServers, resident: Person
    ) -> None:
        with several_servers.client() as client:
            for number in range(5):
                claimed = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
                wrong = client.post("/login", json=credentials(resident, WRONG), headers=claimed)
                assert wrong.status_code == 401
            claimed = {"X-Forwarded-For": "192.0.2.99"}
            assert client.post("/login", json=credentials(resident), headers=claimed).status_code == 429
