"""The devices page, and what the pages of a session do when it is signed out elsewhere."""

import re
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Any

import httpx
import psutil
import pytest
from playwright.async_api import Locator, expect

from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import DASHBOARD, SESSIONS, ForgedSocket, forged
from tests.journeys.forms import ENDED, alert_of, banner_of, notice_of
from tests.journeys.person import Person, at_overview
from tests.journeys.recording import recorded
from tests.journeys.server_state import missing, redis_of
from tests.journeys.test_forged_events import PRIVATE, cookie_of, told
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.visitor import DESKTOP, PHONE, Device, Visitor, unique_address
from tests.support.servers.live_server import LiveServer

DEVICES = "/settings/sessions"
HERE_NAMES = {"desktop": "Chrome 141 on Linux", "phone": "Chrome 141 on Android"}
ONLY_HERE = "You're not signed in anywhere else."
OVER = f"/login?ended=1&next={DEVICES}"
RECHECK = "recheck_session"


def others_of(visitor: Visitor) -> Locator:
    return visitor.page.locator("#other-devices").get_by_role("listitem")


async def open_devices(visitor: Visitor) -> None:
    await visitor.open(DEVICES)
    await expect(visitor.page.locator("#sessions-cards")).to_be_visible()


async def sign_out_first_other(visitor: Visitor) -> None:
    await others_of(visitor).first.get_by_role("button", name="Sign out").click()


async def sign_out_all_others(visitor: Visitor) -> None:
    await visitor.page.locator("#all-others summary").click()
    await visitor.page.get_by_role("button", name="Yes, sign out all others").click()


async def tell_me(visitor: Visitor) -> int:
    """Return the response of GET /me to the cookie that the visitor has."""
    answer = await visitor.context.request.get(f"{visitor.base_url}/me")
    return answer.status


class Client:
    """A REST client with tokens."""

    def __init__(self, server: LiveServer, person: Person) -> None:
        self._http = httpx.Client(base_url=server.base_url, headers={"X-Forwarded-For": unique_address()})
        tokens = self._http.post("/login", json={"email": person.email, "password": person.password}).json()
        self._http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        server.secrets |= {tokens["access_token"], tokens["refresh_token"]}

    def others(self) -> list[dict[str, Any]]:
        return [one for one in self._http.get("/sessions").json() if not one["current"]]

    def sign_out(self, session_id: str) -> httpx.Response:
        return self._http.delete(f"/sessions/{session_id}")

    def sign_out_others(self) -> int:
        return int(self._http.delete("/sessions").json()["revoked"])

    def status(self) -> int:
        return self._http.get("/me").status_code

    def close(self) -> None:
        self._http.close()


async def test_the_ways_lead_to_the_devices(signed_in: Visitor) -> None:
    await signed_in.open("/dashboard")
    await signed_in.page.get_by_role("link", name="Manage devices").click()
    await signed_in.at(DEVICES)
    await expect(signed_in.page.get_by_role("heading", level=1)).to_have_text("Devices")
    await expect(signed_in.page).to_have_title("Devices · AutoGraph")
    way = signed_in.page.get_by_role("navigation", name="Account").get_by_role("link", name="Devices")
    await expect(way).to_have_attribute("aria-current", "page")
    await signed_in.connected()


async def test_the_only_session_of_an_account(visit: Visit, device: Device, person: Person) -> None:
    visitor = await visit(device, address="203.0.113.44")
    await person.come_in(visitor)
    await open_devices(visitor)
    this = visitor.page.locator("#this-device")
    await expect(this).to_contain_text(HERE_NAMES[device.name])
    await expect(this).to_contain_text("203.0.113.44 · Password")
    await expect(this.locator("time")).to_have_text(re.compile(r"^Today, \d"))
    await expect(visitor.page.locator("#other-devices")).to_contain_text(
        "You're not signed in anywhere else."
    )
    await expect(visitor.page.locator("#all-others")).to_have_count(0)
    await visitor.check()
    await this.get_by_role("button", name="Sign out this device").click()
    await visitor.at("/login")
    await expect(notice_of(visitor)).to_have_text("You're signed out.")


async def test_without_a_session_there_is_no_devices_page(visitor: Visitor) -> None:
    async with recorded(visitor) as seen:
        await visitor.open(DEVICES)
        await visitor.at("/login?next=%2Fsettings%2Fsessions")
    assert "Devices" not in seen.text


@pytest.mark.phone_too
async def test_another_device_is_signed_out_and_its_page_leaves_at_once(
    visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    here, there = await visit(device), await visit(PHONE if device is DESKTOP else DESKTOP)
    await person.come_in(here)
    await person.come_back(there)
    client = Client(live_server, person)
    await there.open("/dashboard")
    await at_overview(there)
    await open_devices(here)
    await expect(others_of(here)).to_have_count(2)
    browser = others_of(here).filter(has_text=HERE_NAMES["phone" if device is DESKTOP else "desktop"])
    await expect(others_of(here).filter(has_text="Password · API")).to_have_count(1)
    await expect(browser.locator("time")).to_have_count(2)
    await here.check()

    async with recorded(there) as seen:
        await browser.get_by_role("button", name="Sign out").click()
        await there.at("/login?ended=1&next=/dashboard")
        await expect(notice_of(there)).to_have_text(ENDED)
    assert person.email not in seen.text.split(ENDED)[-1]
    name = HERE_NAMES["phone" if device is DESKTOP else "desktop"]
    await expect(notice_of(here)).to_have_text(f"Signed out {name}.")
    await expect(here.page.locator("#other-devices")).to_be_focused()
    await expect(others_of(here)).to_have_count(1)
    await here.check()
    await there.check()
    assert (await tell_me(there), await tell_me(here), client.status()) == (401, 200, 200)

    # After signing in again, it continues where it was.
    await there.connected()
    await person.sign_in(there)
    assert client.others()[0]["kind"] == "browser"
    client.close()


async def test_all_others_are_signed_out_from_a_third(
    visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    here, second, third = await visit(device), await visit(device), await visit(device)
    await person.come_in(here)
    for other, path in ((second, DEVICES), (third, "/settings/security")):
        await person.come_back(other)
        await other.open(path)
    client = Client(live_server, person)
    background = await third.tab()
    await background.open("/settings/account")
    await third.page.bring_to_front()
    await open_devices(here)
    await expect(others_of(here)).to_have_count(3)
    await here.page.locator("#all-others summary").click()
    await here.check()
    await here.page.get_by_role("button", name="Cancel").click()
    await expect(here.page.locator("#all-others summary")).to_be_focused()
    assert await tell_me(second) == 200

    await sign_out_all_others(here)
    await expect(notice_of(here)).to_have_text("All other devices are signed out.")
    await expect(here.page.locator("#other-devices")).to_contain_text(ONLY_HERE)
    await second.at(OVER)
    await third.at("/login?ended=1&next=/settings/security")
    await background.at("/login?ended=1&next=/settings/account")
    for other in (second, third, background):
        await expect(notice_of(other)).to_have_text(ENDED)
    assert (await tell_me(second), await tell_me(third), client.status()) == (401, 401, 401)
    await here.at(DEVICES)
    await here.check()
    client.close()


async def test_a_session_that_ends_while_somebody_looks(
    visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    visitor = await visit(device)
    await person.come_in(visitor)
    await open_devices(visitor)
    client = Client(live_server, person)
    [other] = client.others()
    assert client.sign_out(other["id"]).status_code == 200
    await visitor.at(OVER)
    await expect(notice_of(visitor)).to_have_text(ENDED)
    await visitor.connected()
    await person.fill_in(visitor)
    await visitor.page.get_by_role("button", name="Sign in").click()
    await visitor.at(DEVICES)
    await expect(others_of(visitor)).to_have_count(1)
    client.close()


async def test_signing_out_says_so_while_the_page_is_woken(
    visit: Visit, device: Device, person: Person
) -> None:
    """The page's own sign-out notifies its other tabs, and must not be overtaken by that notification."""
    visitor = await visit(device)
    await person.come_in(visitor)
    await open_devices(visitor)
    other = await visitor.tab()
    await other.open("/dashboard")
    await visitor.page.bring_to_front()
    await visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    await visitor.at("/login")
    await expect(notice_of(visitor)).to_have_text("You're signed out.")
    await other.at("/login?ended=1&next=/dashboard")
    assert await visitor.cookie("autograph_session") is None


async def test_only_a_frame_stands_there_until_the_devices_are_read(
    signed_in: Visitor, person: Person
) -> None:
    wire = await InterceptedWebsocket.between(signed_in)
    wire.hold()
    await signed_in.load(DEVICES)
    await expect(signed_in.page.locator("#skeleton")).to_be_visible()
    assert person.email not in await signed_in.page.content()
    await signed_in.check()
    wire.release()
    await expect(signed_in.page.locator("#sessions-cards")).to_be_visible()


async def test_a_failure_offers_to_try_again(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await person.come_in(visitor)
    await visitor.open("/dashboard")
    with missing(brittle_server, "users"):
        await visitor.open(DEVICES)
        heading = visitor.page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("We couldn't load this page")
        await visitor.check()
    await visitor.page.get_by_role("button", name="Try again").click()
    await expect(visitor.page.locator("#sessions-cards")).to_be_visible()


async def test_what_could_not_be_done_is_said(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor, other = await visit(device, brittle_server), await visit(device, brittle_server)
    await person.come_in(visitor)
    await person.come_back(other)
    await open_devices(visitor)
    with missing(brittle_server, "audit_log"):
        await sign_out_first_other(visitor)
        await expect(alert_of(visitor)).to_contain_text("Nothing was changed")
        await expect(alert_of(visitor)).to_be_focused()
        await visitor.check()
    assert await tell_me(other) == 200
    await sign_out_first_other(visitor)
    await expect(notice_of(visitor)).to_contain_text("Signed out Chrome")
    assert await tell_me(other) == 401


async def test_offline_nothing_is_signed_out_later(visit: Visit, device: Device, person: Person) -> None:
    visitor, other = await visit(device), await visit(device)
    await person.come_in(visitor)
    await person.come_back(other)
    await open_devices(visitor)
    visitor.allow("ERR_INTERNET_DISCONNECTED")
    await visitor.context.set_offline(True)
    await expect(banner_of(visitor)).to_be_visible()
    await visitor.check()
    await sign_out_first_other(visitor)
    await visitor.context.set_offline(False)
    await expect(banner_of(visitor)).to_be_hidden()
    await visitor.connected()
    assert await tell_me(other) == 200
    await expect(others_of(visitor)).to_have_count(1)
    await sign_out_first_other(visitor)
    await expect(others_of(visitor)).to_have_count(0)
    assert await tell_me(other) == 401


@asynccontextmanager
async def watching(
    server: LiveServer, cookie: str, number: int, path: str = "/dashboard"
) -> AsyncGenerator[list[ForgedSocket]]:
    """Keep this many tabs of one session open at `path`."""
    async with AsyncExitStack() as stack:
        tabs = [
            await stack.enter_async_context(forged(server.base_url, cookie=cookie)) for _ in range(number)
        ]
        for tab in tabs:
            await tab.hydrate(path)
        yield tabs


def busy_workers(server: LiveServer) -> int:
    """Return how many processes of the server have client connections."""
    return sum(
        any(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == server.port
            for one in member.net_connections("tcp")
        )
        for member in server.family()
    )


async def test_every_worker_has_its_pages_leave_within_a_second(
    live_server: LiveServer, member: Person
) -> None:
    cookie = cookie_of(live_server, member)
    client = Client(live_server, member)
    async with watching(live_server, cookie, 12) as tabs:
        assert busy_workers(live_server) == 2
        [session] = client.others()
        begun = time.monotonic()
        assert client.sign_out(session["id"]).status_code == 200
        answered = time.monotonic()
        for tab in tabs:
            await tab.until(f"{DASHBOARD}.{RECHECK}")
        assert time.monotonic() - begun < 1, f"it was answered after {answered - begun:.2f} s"
        for tab in tabs:
            await tab.call(f"{DASHBOARD}.{RECHECK}")
            await tab.until("/login?ended=1&next=/dashboard")
    client.close()


async def test_only_the_pages_of_the_session_are_woken(
    live_server: LiveServer, member: Person, new_member: Any
) -> None:
    cookies = [cookie_of(live_server, member), cookie_of(live_server, member)]
    stranger: Person = new_member()
    client = Client(live_server, member)
    async with (
        watching(live_server, cookies[0], 2, DEVICES) as ending,
        watching(live_server, cookies[0], 1, "/login") as public,
        watching(live_server, cookies[1], 2) as staying,
        watching(live_server, cookie_of(live_server, stranger), 2) as strangers,
    ):
        first = min(client.others(), key=lambda one: one["signed_in_at"])
        client.sign_out(first["id"])
        for tab in ending:
            await tab.until(f"{SESSIONS}.{RECHECK}")
        for tab in (*public, *staying, *strangers):
            assert RECHECK not in await tab.settle()
    client.close()


async def test_a_forged_wake_up_achieves_nothing(live_server: LiveServer, member: Person) -> None:
    """An attacker with access to Redis announces the end of a session that has not ended."""
    cookie, client = cookie_of(live_server, member), Client(live_server, member)
    [session] = client.others()
    async with watching(live_server, cookie, 1) as [tab]:
        with closing(redis_of(live_server)) as redis:
            redis.publish("session_ends", f"x {session['id'].replace('-', '')} \0")
        await tab.until(f"{DASHBOARD}.{RECHECK}")
        await tab.call(f"{DASHBOARD}.{RECHECK}")
        assert "ended=1" not in told(await tab.settle())
    assert len(client.others()) == 1
    client.close()


async def test_forged_events_sign_nobody_out(brittle_server: LiveServer, new_person: Any) -> None:
    member: Person = new_person()
    member.join(brittle_server)
    client = Client(brittle_server, member)
    cookie_of(brittle_server, member)
    [session] = client.others()
    stranger: Person = new_person()
    stranger.join(brittle_server)
    for cookie in ("", cookie_of(brittle_server, stranger), "autograph_session=x"):
        async with forged(brittle_server.base_url, cookie=cookie) as socket:
            for value in (session["id"], "", None, 7, [session["id"]], "x" * 5000, {"a": 1}):
                await socket.call(f"{SESSIONS}.sign_out", {"form": {"session": value}}, DEVICES)
                await socket.call(f"{SESSIONS}.sign_out", {"form": value}, DEVICES)
            for handler in ("sign_out_others", RECHECK, "load", "_fill", "_run_authorized", "_show_done"):
                await socket.call(f"{SESSIONS}.{handler}", {}, DEVICES)
            heard = told(await socket.settle())
        own = "@" if not cookie or cookie.endswith("=x") else member.email
        assert own not in heard
        assert session["id"] not in heard
        if not cookie:
            assert not [word for word in PRIVATE if word in heard]
    assert [one["id"] for one in client.others()] == [session["id"]]
    client.close()


async def test_pages_that_close_leave_nothing_behind(live_server: LiveServer, member: Person) -> None:
    cookie, client = cookie_of(live_server, member), Client(live_server, member)
    with closing(redis_of(live_server)) as redis:
        for _ in range(3):
            async with watching(live_server, cookie, 10):
                pass
        # One subscription for each worker, whatever was open.
        assert redis.pubsub_numsub("session_ends") == [(b"session_ends", 2)]
    assert client.sign_out_others() == 1
    client.close()
    live_server.check_log()


@pytest.mark.parametrize("javascript", [False])
async def test_without_javascript_the_frame_signs_out(
    visit: Visit, device: Device, person: Person, javascript: bool
) -> None:
    visitor = await visit(device, javascript=javascript)
    await person.come_in(visitor)
    await visitor.load(DEVICES)
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Devices")
    assert await visitor.overflow() <= 0
    await visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    await visitor.at("/login")
