"""All events of all accounts, as an administrator searches them."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.journeys.conftest import Visit
from tests.journeys.operators import come_as_admin, open_person
from tests.journeys.person import WRONG, Person
from tests.journeys.test_admin_users import answer, ask
from tests.support.browser.visitor import Device, Visitor
from tests.support.servers.live_server import LiveServer


@pytest_asyncio.fixture(loop_scope="session")
async def admin(visit: Visit, device: Device, nora: Person, live_server: LiveServer) -> Visitor:
    """The browser of an administrator; no page is open yet."""
    visitor = await visit(device)
    await come_as_admin(visitor, live_server, nora)
    return visitor


@pytest_asyncio.fixture
async def nora(new_person: Callable[[], Person]) -> Person:
    """An administrator."""
    return new_person()


def rows_of(visitor: Visitor) -> Locator:
    return visitor.page.locator("#events tbody tr")


async def search(visitor: Visitor, label: str, words: str) -> None:
    await visitor.page.get_by_role("searchbox", name=label).fill(words)
    await visitor.page.get_by_role("button", name="Search").click()


@pytest.mark.phone_too
async def test_events_are_found_by_whose_from_where_what_and_how_it_went(
    admin: Visitor, visit: Visit, member: Person
) -> None:
    thief = await visit(address="203.0.113.91")
    await thief.open("/login")
    await member.try_to_sign_in(thief, WRONG)
    await expect(thief.page.locator("#form-alert")).not_to_be_empty()

    await admin.open("/admin/audit")
    await expect(rows_of(admin).first).to_be_visible()
    await admin.check()
    await search(admin, "Account", member.email)
    await expect(rows_of(admin)).to_have_count(2)
    await expect(admin.page.locator("#audit-said")).to_have_text("Showing 2 events.")
    await admin.page.get_by_label("Outcome").select_option("Failed")
    await expect(rows_of(admin)).to_have_count(1)
    await expect(rows_of(admin)).to_contain_text("Failed sign-in")
    await expect(rows_of(admin)).to_contain_text("203.0.113.91")
    await admin.check()
    await search(admin, "IP address", "203.0.113.92")
    await expect(admin.page.locator("#nothing")).to_be_visible()
    await admin.check()
    await search(admin, "IP address", "203.0.113.91")
    await expect(rows_of(admin)).to_have_count(1)
    await admin.page.reload()
    await expect(rows_of(admin)).to_have_count(1)
    await expect(admin.page.get_by_label("IP address")).to_have_value("203.0.113.91")
    await admin.page.get_by_role("link", name=member.email).click()
    await expect(admin.page.locator("#person-title")).to_have_text(member.email)


async def test_an_event_says_which_operator_did_it(admin: Visitor, nora: Person, member: Person) -> None:
    await open_person(admin, member.email)
    await ask(admin, "Lock account", "lock")
    await answer(admin, "is locked")
    await admin.open("/admin/audit?kind=account_locked")
    await expect(rows_of(admin).first).to_contain_text(f"By {nora.email}")
    await expect(rows_of(admin).first).to_contain_text(member.email)


async def test_a_download_keeps_the_filter(admin: Visitor, member: Person, tmp_path: Path) -> None:
    await admin.open(f"/admin/audit?person={member.email}")
    await expect(rows_of(admin)).to_have_count(1)
    for form in ("CSV", "JSON"):
        async with admin.page.expect_download() as download:
            await admin.page.get_by_role("link", name=f"Download {form}").click()
        file = tmp_path / f"events.{form}"
        await (await download.value).save_as(file)
        text = file.read_text("utf-8-sig")
        kinds = (
            [row["kind"] for row in csv.DictReader(text.splitlines())]
            if form == "CSV"
            else [event["kind"] for event in json.loads(text)["events"]]
        )
        assert kinds == ["registration_success"]
