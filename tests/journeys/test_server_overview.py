"""The administrators' overview: its content, and its presentation for each user."""

import re
import sqlite3
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, expect

from autograph_web.frontend.paths import STATIC_DIR
from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import SERVER, forged
from tests.journeys.operators import come_as_admin
from tests.journeys.person import Person
from tests.journeys.server_state import missing
from tests.journeys.test_forged_events import NONSENSE, browser_of, cookie_of, tab_of, told
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.visitor import DESKTOP, Device, Visitor
from tests.support.servers.live_server import LiveServer

PATH = "/admin"
PLOTS = ("sign_ins", "failures", "adoption", "registrations")
NARROW = Device("narrow", {"viewport": {"width": 320, "height": 640}})


def give_days(server: LiveServer) -> None:
    """Create a history of three months, with events on each day."""
    now = datetime.now(UTC)
    rows: list[tuple[Any, ...]] = []
    for back in range(1, 90):
        at = f"{now - timedelta(days=back):%Y-%m-%d} 12:00:00.000000"
        kinds = ["login_success"] * (1 + back * 7 % 11) + ["login_failed"] * (back % 4)
        rows += [(at, kind, "", "", "", "{}") for kind in kinds]
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        connection.executemany(
            "INSERT INTO audit_log (at, kind, ip, user_agent, request_id, details) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )


@pytest.fixture
def new_server(tmp_path: Path) -> Generator[LiveServer]:
    """A server without an account."""
    with LiveServer(tmp_path) as server:
        yield server
    server.check_log()


async def come(visitor: Visitor, server: LiveServer, person: Person) -> None:
    await come_as_admin(visitor, server, person)
    await visitor.open(PATH)
    await expect(visitor.page.locator("#overview-cards")).to_be_visible()


def drawing(visitor: Visitor, plot: str) -> Locator:
    return visitor.page.locator(f"#{plot} svg.recharts-surface").first


async def every_plot_has_its_numbers_in_a_table(visitor: Visitor) -> None:
    for plot in PLOTS:
        figure = visitor.page.locator(f"#{plot}")
        await figure.locator("summary").click()
        await expect(figure.get_by_role("table")).to_be_visible()
        await expect(figure.locator("tbody tr")).to_have_count(30)
        await expect(figure.locator(".plot")).to_have_attribute("aria-hidden", "true")
    await expect(visitor.page.locator("#registrations tbody tr").last.locator("td")).to_have_text("1")
    await visitor.check()
    stops = await visitor.page.evaluate(
        "() => document.querySelectorAll('.plot [tabindex=\"0\"], .plot a, .plot button').length"
    )
    assert stops == 0


async def test_it_shows_how_things_stand_and_what_happened(
    visit: Visit, device: Device, person: Person, new_server: LiveServer
) -> None:
    give_days(new_server)
    visitor = await visit(device, new_server)
    await come(visitor, new_server, person)
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Server overview")
    await expect(visitor.page.locator("[data-tile=accounts] dd")).to_have_text("1")
    await expect(visitor.page.locator("[data-tile=active] dd")).to_have_text("1")
    await expect(visitor.page.locator("[data-tile=adoption] dd")).to_contain_text("0%")
    await expect(visitor.page.locator("#attention")).to_contain_text("1 administrator doesn't use two-step")
    await expect(visitor.page.locator("#days")).to_contain_text("in UTC")
    for plot in PLOTS:
        await expect(drawing(visitor, plot)).to_be_visible()
    await expect(visitor.page.locator("#sign_ins .said")).to_contain_text("in 30 days")
    await visitor.check()
    await every_plot_has_its_numbers_in_a_table(visitor)

    await visitor.page.get_by_role("button", name="7 days").click()
    await expect(visitor.page.locator("#days-7")).to_have_attribute("aria-pressed", "true")
    await expect(visitor.page.locator("#sign_ins .said")).to_contain_text("in 7 days")
    await expect(visitor.page.locator("#sign_ins tbody tr")).to_have_count(7)
    await visitor.page.get_by_role("button", name="90 days").click()
    await expect(visitor.page.locator("#sign_ins tbody tr")).to_have_count(90)
    await visitor.check()


@pytest.mark.parametrize("options", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}], ids=str)
async def test_it_reads_well_whatever_people_ask_of_their_systems(
    visit: Visit, person: Person, live_server: LiveServer, options: dict[str, Any]
) -> None:
    visitor = await visit(NARROW, **options)
    await come(visitor, live_server, person)
    await expect(drawing(visitor, "sign_ins")).to_be_visible()
    assert await visitor.overflow() <= 0
    for plot in PLOTS:
        box = await drawing(visitor, plot).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    running = await visitor.page.evaluate("() => document.getAnimations().length")
    assert options != {"reduced_motion": "reduce"} or running == 0


def with_the_library(addresses: list[str]) -> list[str]:
    """Return those scripts that contain the library."""
    files = [STATIC_DIR / urlsplit(address).path.lstrip("/") for address in addresses]
    return [file.name for file in files if file.suffix == ".js" and "recharts-" in file.read_text("utf-8")]


async def test_only_this_page_loads_the_library(
    visit: Visit, person: Person, live_server: LiveServer
) -> None:
    visitor = await visit(DESKTOP)
    asked: list[str] = []
    visitor.own_page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/login", "/register"):
        await visitor.open(path)
    await come_as_admin(visitor, live_server, person)
    for path in ("/dashboard", "/admin/users", "/admin/flags"):
        await visitor.open(path)
    assert not with_the_library(asked)
    await visitor.open(PATH)
    await expect(drawing(visitor, "sign_ins")).to_be_visible()
    assert with_the_library(asked)


async def test_only_a_frame_stands_there_until_it_was_read(
    visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    visitor = await visit(device)
    await come_as_admin(visitor, live_server, person)
    wire = await InterceptedWebsocket.between(visitor)
    wire.hold()
    await visitor.load(PATH)
    await expect(visitor.page.locator("#skeleton")).to_be_visible()
    await visitor.check()
    wire.release()
    await expect(visitor.page.locator("#overview-cards")).to_be_visible()


async def test_a_failure_offers_to_try_again_and_keeps_what_was_there(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await come_as_admin(visitor, brittle_server, person)
    with missing(brittle_server, "daily_counts"):
        await visitor.open(PATH)
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("We couldn't load this page")
        await visitor.check()
    await visitor.page.get_by_role("button", name="Try again").click()
    await expect(visitor.page.locator("#overview-cards")).to_be_visible()
    with missing(brittle_server, "daily_counts"):
        await visitor.page.get_by_role("button", name="7 days").click()
        await expect(visitor.page.locator("#overview-alert")).to_contain_text("We can't do that right now.")
        await expect(visitor.page.locator("#days-30")).to_have_attribute("aria-pressed", "true")
        await visitor.check()


async def test_forged_events_tell_nothing(visit: Visit, person: Person, brittle_server: LiveServer) -> None:
    victim = await visit(DESKTOP, brittle_server)
    await come(victim, brittle_server, person)
    tab, browser = await tab_of(victim), await browser_of(victim)
    await victim.page.close()
    stranger = Person(f"stranger.{person.email}", "gravel harbour 999 violins")
    stranger.join(brittle_server)
    for token, cookie in ((tab, ""), ("", ""), (tab, cookie_of(brittle_server, stranger))):
        async with forged(brittle_server.base_url, token=token, browser=browser, cookie=cookie) as socket:
            for handler in ("load", "_show", "_show_report", "_attempt_load", "_authorize"):
                await socket.call(f"{SERVER}.{handler}", {}, PATH)
            for nonsense in (*NONSENSE, 7, "30", 8, -1):
                await socket.call(f"{SERVER}.choose", {"days": nonsense}, PATH)
            heard = told(await socket.settle())
        assert "@" not in heard
        assert not re.search(r" (tiles|points|alerts)_rx_state_ \[\{", heard)
