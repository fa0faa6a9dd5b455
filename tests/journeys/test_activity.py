"""The activity page."""

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Locator, Route, expect

from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import ACTIVITY as STATE
from tests.journeys.forged_socket import forged
from tests.journeys.forms import EVERYWHERE, banner_of, notice_of
from tests.journeys.person import WRONG, Person
from tests.journeys.server_state import missing
from tests.journeys.test_forged_events import browser_of, cookie_of, tab_of, told
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.visitor import DESKTOP, Device, Visitor
from tests.support.servers.live_server import LiveServer

ACTIVITY = "/settings/activity"
NONSENSE: tuple[tuple[Any, Any], ...] = (
    ("group", "sign_in"),
    ("_cursor", "x"),
    (7, None),
    (None, []),
    ("range", {}),
)
DEVICE_NAMES = {"desktop": "Chrome 141 on Linux", "phone": "Chrome 141 on Android"}


def rows_of(visitor: Visitor) -> Locator:
    return visitor.page.locator("#events tbody tr")


async def open_activity(visitor: Visitor, query: str = "") -> None:
    await visitor.open(ACTIVITY + query)
    await expect(visitor.page.locator("#activity-cards")).to_be_visible()


def give_history(server: LiveServer, person: Person, events: int) -> None:
    """Give a user a history, an event per hour, as the server would have recorded it."""
    now = datetime.now(UTC)
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        key = connection.execute("SELECT id FROM users WHERE email = ?", (person.email,)).fetchone()[0]
        connection.executemany(
            "INSERT INTO audit_log (at, user_id, kind, ip, user_agent, request_id, details)"
            " VALUES (?, ?, 'token_refreshed', '192.0.2.5', 'curl/8.5', ?, '{}')",
            [
                (f"{now - timedelta(hours=hours):%Y-%m-%d %H:%M:%S}.000000", key, str(uuid4()))
                for hours in range(1, events + 1)
            ],
        )


@pytest.mark.phone_too
async def test_the_overview_leads_to_everything_that_happened(
    visit: Visit, device: Device, person: Person
) -> None:
    visitor = await visit(device, address="203.0.113.60", timezone_id="Asia/Kathmandu")
    await person.come_in(visitor)
    await visitor.open("/dashboard")
    await visitor.page.get_by_role("link", name="View all activity").click()
    await visitor.at(ACTIVITY)
    await expect(visitor.page).to_have_title("Activity · AutoGraph")
    ways = visitor.page.get_by_role("navigation", name="Account")
    await expect(ways.get_by_role("link", name="Activity")).to_have_attribute("aria-current", "page")
    table = visitor.page.get_by_role("table", name="Events, newest first")
    await expect(table.get_by_role("row")).to_have_count(3)
    newest = table.get_by_role("row").nth(1).get_by_role("cell")
    await expect(newest).to_have_count(4)
    await expect(newest.nth(0)).to_contain_text("Signed in")
    await expect(newest.nth(0)).to_contain_text("This device")
    await expect(newest.nth(1)).to_have_text(DEVICE_NAMES[device.name])
    await expect(newest.nth(2)).to_have_text("203.0.113.60")
    await expect(visitor.page.get_by_text("End of list.")).to_be_visible()
    await visitor.connected()
    await visitor.check()


@pytest.mark.phone_too
async def test_the_choices_pick_and_stand_in_the_address(
    visit: Visit, device: Device, member: Person
) -> None:
    visitor = await visit(device)
    await visitor.open("/login")
    await member.try_to_sign_in(visitor, WRONG)
    await expect(visitor.page.locator("#form-alert")).not_to_be_empty()
    await member.sign_in(visitor)
    await open_activity(visitor)
    await expect(rows_of(visitor)).to_have_count(3)
    await visitor.page.get_by_label("Type", exact=True).select_option("Sign-in and sign-out")
    await expect(rows_of(visitor)).to_have_count(2)
    await visitor.at(f"{ACTIVITY}?group=sign_in")
    await expect(visitor.page.locator("#activity-said")).to_have_text("Showing 2 events.")
    await visitor.page.get_by_label("Device", exact=True).select_option("Other devices")
    await expect(rows_of(visitor)).to_have_count(1)
    await expect(rows_of(visitor)).to_contain_text("Failed sign-in")
    await expect(visitor.page.locator("#activity-said")).to_have_text("Showing one event.")
    await visitor.page.get_by_label("Date", exact=True).select_option("Last 24 hours")
    await visitor.at(f"{ACTIVITY}?group=sign_in&device=other&range=day")
    await expect(visitor.page.get_by_label("Device", exact=True)).to_have_value("other")
    await visitor.check()
    await visitor.page.reload()
    await expect(rows_of(visitor)).to_have_count(1)
    await expect(visitor.page.get_by_label("Date", exact=True)).to_have_value("day")
    await visitor.page.get_by_label("Type", exact=True).select_option("Two-step verification")
    await expect(visitor.page.get_by_text("No matching events.")).to_be_visible()
    await visitor.check()
    await visitor.page.get_by_role("link", name="Clear filters").click()
    await visitor.at(ACTIVITY)
    await expect(rows_of(visitor)).to_have_count(3)


@pytest.mark.parametrize(
    "query", ["?group=nothing&device=7&range=<b>&before=x", "?group=&before=%00", "?a=b&a=c"]
)
async def test_an_address_that_says_nonsense_shows_everything(signed_in: Visitor, query: str) -> None:
    await open_activity(signed_in, query)
    await expect(rows_of(signed_in)).to_have_count(2)


async def test_older_events_come_page_by_page_to_the_very_end(
    signed_in: Visitor, person: Person, live_server: LiveServer
) -> None:
    give_history(live_server, person, 450)
    await open_activity(signed_in)
    older = signed_in.page.get_by_role("button", name="Show older")
    for shown in range(40, 400, 40):
        await expect(rows_of(signed_in)).to_have_count(shown)
        await older.click()
    await expect(rows_of(signed_in)).to_have_count(400)
    await expect(older).to_have_count(0)
    await expect(signed_in.page.locator("#activity-end")).to_be_focused()
    await signed_in.page.get_by_role("link", name="Continue to older events").click()
    await signed_in.page.wait_for_url("**/settings/activity?before=*")
    await expect(rows_of(signed_in)).to_have_count(40)
    await signed_in.connected()
    await signed_in.check()
    await older.click()
    await expect(rows_of(signed_in)).to_have_count(52)
    await expect(signed_in.page.get_by_text("End of list.")).to_be_visible()
    await signed_in.page.get_by_role("link", name="Back to newest").click()
    await signed_in.at(ACTIVITY)


@pytest.mark.parametrize("form", ["CSV", "JSON"])
async def test_everything_that_is_picked_is_a_file(
    signed_in: Visitor, person: Person, live_server: LiveServer, tmp_path: Path, form: str
) -> None:
    give_history(live_server, person, 1200)
    await open_activity(signed_in, "?group=tokens")
    async with signed_in.page.expect_download() as download:
        await signed_in.page.get_by_role("link", name=f"Download {form}").click()
    file = await download.value
    assert file.suggested_filename == f"autograph-activity.{form.lower()}"
    await file.save_as(tmp_path / "file")
    text = (tmp_path / "file").read_text("utf-8-sig")
    found = list(csv.DictReader(text.splitlines())) if form == "CSV" else json.loads(text)["events"]
    assert len(found) == 1200
    await expect(signed_in.page.locator("#download-progress [data-said]")).to_have_text(
        "Downloaded 1,200 events."
    )
    await expect(signed_in.page.locator("#download-progress progress")).to_be_hidden()
    await signed_in.at(f"{ACTIVITY}?group=tokens")
    await signed_in.check()


async def test_a_download_under_way_says_so_and_can_be_cancelled(signed_in: Visitor) -> None:
    await open_activity(signed_in)

    async def never(_route: Route) -> None: ...

    await signed_in.own_page.route("**/activity/export*", never)
    await signed_in.page.get_by_role("link", name="Download CSV").click()
    await expect(signed_in.page.get_by_role("progressbar", name="Events downloaded")).to_be_visible()
    await signed_in.check()
    await signed_in.page.get_by_role("button", name="Cancel").click()
    await expect(signed_in.page.locator("#download-progress [data-said]")).to_have_text("Download canceled.")
    await expect(signed_in.page.get_by_role("progressbar")).to_be_hidden()


async def test_a_download_that_fails_says_so(signed_in: Visitor) -> None:
    signed_in.allow("^503:", "503", "failed: .*activity/export", "ERR_FAILED")
    await open_activity(signed_in)
    said = signed_in.page.locator("#download-progress [data-said]")
    body = json.dumps({"detail": "We can't do that right now."})
    await signed_in.own_page.route(
        "**/activity/export*",
        lambda route: route.fulfill(status=503, body=body, content_type="application/json"),
    )
    await signed_in.page.get_by_role("link", name="Download CSV").click()
    await expect(said).to_have_text("We can't do that right now.")
    await signed_in.page.unroute("**/activity/export*")
    await signed_in.own_page.route("**/activity/export*", lambda route: route.abort())
    await signed_in.page.get_by_role("link", name="Download CSV").click()
    await expect(said).to_have_text("The download was interrupted. Try again in a moment.")


async def test_without_a_session_there_is_no_activity(visitor: Visitor) -> None:
    await visitor.load(f"{ACTIVITY}?group=sign_in")
    await visitor.at("/login?next=%2Fsettings%2Factivity%3Fgroup%3Dsign_in")


async def test_a_session_that_has_ended_leaves_the_page(visit: Visit, device: Device, person: Person) -> None:
    visitor, other = await visit(device), await visit(DESKTOP)
    await person.come_in(visitor)
    await person.come_back(other)
    await open_activity(visitor)
    await other.open("/dashboard")
    await other.page.locator("summary").click()
    await other.page.get_by_role("button", name="Yes, sign out everywhere").click()
    await other.at("/login?ended=all")
    await visitor.at("/login?ended=1&next=/settings/activity")
    await expect(notice_of(visitor)).to_have_text(EVERYWHERE)


async def test_only_a_frame_stands_there_until_it_is_read(signed_in: Visitor, person: Person) -> None:
    wire = await InterceptedWebsocket.between(signed_in)
    wire.hold()
    await signed_in.load(ACTIVITY)
    await expect(signed_in.page.locator("#skeleton")).to_be_visible()
    assert person.email not in await signed_in.page.content()
    await signed_in.check()
    wire.release()
    await expect(rows_of(signed_in)).to_have_count(2)


async def test_offline_nothing_is_lost(signed_in: Visitor) -> None:
    await open_activity(signed_in)
    await signed_in.context.set_offline(True)
    await expect(banner_of(signed_in)).to_be_visible()
    await expect(rows_of(signed_in)).to_have_count(2)
    await signed_in.check()
    await signed_in.context.set_offline(False)
    await expect(banner_of(signed_in)).to_be_hidden()
    await signed_in.page.get_by_label("Type", exact=True).select_option("Account and data")
    await expect(rows_of(signed_in)).to_have_count(1)


async def test_a_failure_keeps_what_was_there_and_offers_to_try_again(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await person.come_in(visitor)
    with missing(brittle_server, "audit_log"):
        await visitor.open(ACTIVITY)
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("We couldn't load this page")
        await visitor.check()
    await visitor.page.get_by_role("button", name="Try again").click()
    await expect(rows_of(visitor)).to_have_count(2)
    with missing(brittle_server, "audit_log"):
        await visitor.page.get_by_label("Type", exact=True).select_option("Password")
        await expect(visitor.page.locator("#activity-alert")).to_contain_text("We can't do that right now.")
        await expect(rows_of(visitor)).to_have_count(2)
        await expect(visitor.page.get_by_label("Type", exact=True)).to_have_value("")
        await visitor.check()


async def test_no_list_of_one_person_goes_on_for_another(
    visit: Visit, person: Person, new_person: Callable[[], Person], brittle_server: LiveServer
) -> None:
    victim, thief = await visit(DESKTOP, brittle_server), new_person()
    await person.come_in(victim)
    give_history(brittle_server, person, 90)
    await open_activity(victim)
    await expect(rows_of(victim)).to_have_count(40)
    tab, browser = await tab_of(victim), await browser_of(victim)
    await victim.page.close()
    thief.join(brittle_server)
    cookie = cookie_of(brittle_server, thief)
    # Directly to the handlers, without the first event, which makes the server discard the state of another
    # browser's page.
    async with forged(brittle_server.base_url, token=tab, browser=browser, cookie=cookie) as socket:
        for handler in ("load_more", "load", "choose", "search"):
            payload = {"name": "group", "value": "tokens"} if handler == "choose" else {}
            await socket.call(f"{STATE}.{handler}", payload, ACTIVITY)
        heard = told(await socket.settle())
    assert not [word for word in ("192.0.2.5", "Access token refreshed", person.email) if word in heard]


async def test_forged_events_show_nothing_of_anybody(
    visit: Visit, person: Person, brittle_server: LiveServer
) -> None:
    victim = await visit(DESKTOP, brittle_server)
    await person.come_in(victim)
    await open_activity(victim)
    tab, browser = await tab_of(victim), await browser_of(victim)
    await victim.page.close()
    for token in (tab, ""):
        async with forged(brittle_server.base_url, token=token, browser=browser) as socket:
            for name, value in NONSENSE:
                await socket.call(f"{STATE}.choose", {"name": name, "value": value}, ACTIVITY)
            for handler in ("load", "load_more", "_list", "_append", "_open", "_show"):
                await socket.call(f"{STATE}.{handler}", {}, ACTIVITY)
            heard = await socket.settle()
        frames = [line for line in heard.splitlines() if "rx_router" not in line]
        assert not [
            word for word in (person.email, "Account created", "Signed in") if word in "".join(frames)
        ]
