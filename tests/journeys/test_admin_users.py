"""The list of accounts, one account, and a new one, as an administrator sees and changes them."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import CHECK_FIELD, ENDED, alert_of, button_of, notice_of, password_of
from tests.journeys.operators import come_as_admin, give_role, open_person
from tests.journeys.person import Person, at_overview
from tests.journeys.server_state import make_stale, missing
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.visitor import Device, Visitor, unique_address
from tests.support.mail.kept_messages import wait_for_letter
from tests.support.servers.live_server import LiveServer, asks

LAST = "This is the only administrator who can sign in. Make someone else an administrator first."


@pytest_asyncio.fixture(loop_scope="session")
async def admin(
    visit: Visit, device: Device, new_person: Callable[[], Person], live_server: LiveServer
) -> Visitor:
    """The browser of an administrator; no page is open yet."""
    visitor = await visit(device)
    await come_as_admin(visitor, live_server, new_person())
    return visitor


def people_of(visitor: Visitor) -> Locator:
    return visitor.page.locator("#people tbody tr")


def sign_in_over_rest(server: LiveServer, person: Person, times: int) -> None:
    """Open sessions from several addresses."""
    typed = {"email": person.email, "password": person.password}
    for _ in range(times):
        headers = {"X-Forwarded-For": unique_address()}
        assert asks.post(f"{server.base_url}/login", json=typed, headers=headers).is_success


async def ask(visitor: Visitor, button: str, step: str) -> None:
    """Press a button on a user's page, and wait for the confirmation prompt."""
    await visitor.page.get_by_role("button", name=button).click()
    await expect(visitor.page.locator(f"#{step}-form")).to_be_visible()
    await expect(visitor.page.locator("#step-title")).to_be_focused()


async def answer(visitor: Visitor, words: str) -> None:
    """Confirm, and wait for the message that follows."""
    await button_of(visitor).click()
    await expect(notice_of(visitor)).to_contain_text(words)
    await expect(visitor.page.locator("#person")).to_be_focused()


def fill_up(server: LiveServer, host: str, number: int) -> None:
    """Create many accounts whose addresses end with a host, as the server would have."""
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}.000000"
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        connection.executemany(
            "INSERT INTO users (id, email, email_key, password_hash, role, status, mfa_enabled,"
            " session_epoch, created_at, password_changed_at)"
            " VALUES (?, ?, ?, 'x', 'user', 'active', 0, 0, ?, ?)",
            [
                (uuid4().hex, f"person{one:03}@{host}", f"person{one:03}@{host}", made, made)
                for one in range(number)
            ],
        )


@pytest.mark.phone_too
async def test_people_are_searched_and_the_search_stands_in_the_address(
    admin: Visitor, member: Person, live_server: LiveServer
) -> None:
    await admin.open("/admin/users")
    await expect(admin.page.locator("#people")).to_be_visible()
    await admin.page.get_by_label("Search by email").fill(member.email.upper())
    await admin.page.get_by_label("Search by email").press("Enter")
    await expect(people_of(admin)).to_have_count(1)
    await expect(admin.page.locator("#users-said")).to_have_text("Showing one account.")
    await expect(people_of(admin)).to_contain_text(member.email)
    await admin.check()
    await admin.page.get_by_label("Status").select_option("Locked")
    await expect(admin.page.locator("#nothing")).to_be_visible()
    await admin.check()
    assert "status=locked" in admin.path
    await admin.page.reload()
    await expect(admin.page.get_by_label("Status")).to_have_value("locked")
    await expect(admin.page.locator("#nothing")).to_be_visible()
    await admin.page.get_by_role("link", name="Clear filters").click()
    await admin.at("/admin/users")


async def test_a_long_list_goes_on_and_keeps_its_place(admin: Visitor, live_server: LiveServer) -> None:
    host = f"{uuid4().hex[:8]}.dev"
    fill_up(live_server, host, 450)
    await admin.open(f"/admin/users?part={host}")
    await expect(people_of(admin)).to_have_count(40)
    await admin.page.get_by_role("button", name="Show more").click()
    await expect(people_of(admin)).to_have_count(80)
    await expect(people_of(admin).nth(79)).to_contain_text(f"person079@{host}")
    for shown in range(120, 401, 40):
        await admin.page.get_by_role("button", name="Show more").click()
        await expect(people_of(admin)).to_have_count(shown)
    await expect(admin.page.locator("#users-end")).to_be_focused()
    await admin.page.get_by_role("link", name="Next page").click()
    await expect(people_of(admin)).to_have_count(40)
    await expect(people_of(admin).first).to_contain_text(f"person400@{host}")
    await expect(admin.page.get_by_role("link", name="Back to start")).to_be_visible()


async def test_nothing_is_shown_before_everything_is_there(admin: Visitor) -> None:
    wire = await InterceptedWebsocket.between(admin)
    wire.hold_after('"loaded')
    await admin.load("/admin/users")
    await expect(admin.page.locator("#skeleton")).to_be_visible()
    await admin.check()
    wire.release()
    await expect(admin.page.locator("#people")).to_be_visible()


async def test_a_failure_offers_to_try_again(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await come_as_admin(visitor, brittle_server, person)
    await visitor.open("/admin/audit")
    await expect(visitor.page.locator("#events")).to_be_visible()
    with missing(brittle_server, "audit_log"):
        await visitor.page.get_by_label("Outcome").select_option("Failed")
        await expect(visitor.page.locator("#audit-alert")).to_contain_text("We can't do that right now.")
        await visitor.check()
        await visitor.open("/admin/audit")
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("We couldn't load this page")
    await visitor.page.get_by_role("button", name="Try again").click()
    await expect(visitor.page.locator("#events")).to_be_visible()


async def test_one_account_is_shown_with_what_happened_to_it(
    admin: Visitor, visit: Visit, person: Person
) -> None:
    owner = await visit(address="203.0.113.90")
    await person.come_in(owner)
    await open_person(admin, person.email)
    await expect(admin.page).to_have_title("User · AutoGraph")
    await expect(admin.page.locator("#person-title")).to_have_text(person.email)
    await expect(admin.page.locator("#person-devices")).to_contain_text("203.0.113.90")
    await expect(admin.page.locator("#events tbody tr")).to_have_count(2)
    await admin.check()
    await admin.page.get_by_role("link", name="View all events").click()
    await expect(admin.page.locator("#events tbody tr")).to_have_count(2)
    await admin.open(f"/admin/users/person?id={uuid4()}")
    await expect(admin.page.locator("#nothing")).to_contain_text("Account not found.")
    await admin.check()


async def test_many_devices_leave_the_events_in_reach(
    admin: Visitor, member: Person, live_server: LiveServer
) -> None:
    sign_in_over_rest(live_server, member, times=7)
    await open_person(admin, member.email)
    lines = admin.page.locator("#person-devices li")
    await expect(lines.filter(visible=True)).to_have_count(5)
    await admin.page.get_by_text("Show 2 more").click()
    await expect(lines.filter(visible=True)).to_have_count(7)
    await admin.check()


@pytest.mark.phone_too
async def test_somebody_who_is_locked_leaves_at_once(
    admin: Visitor, visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    owner = await visit(device)
    await person.come_in(owner)
    await owner.open("/dashboard")
    await at_overview(owner)
    await open_person(admin, person.email)
    await ask(admin, "Lock account", "lock")
    await admin.check()
    await admin.page.get_by_role("button", name="Cancel").click()
    await expect(admin.page.locator("#person")).to_be_focused()
    await ask(admin, "Lock account", "lock")
    await answer(admin, f"{person.email} is locked and signed out everywhere.")
    await expect(admin.page.locator("#person-devices")).to_contain_text("No active sessions.")
    await admin.check()

    await owner.at("/login?ended=1&next=/dashboard")
    await expect(notice_of(owner)).to_have_text(ENDED)
    await person.try_to_sign_in(owner, person.password)
    await expect(alert_of(owner)).not_to_be_empty()
    await wait_for_letter(live_server, person.email, "Your account has been locked")

    await ask(admin, "Unlock account", "unlock")
    await answer(admin, f"{person.email} can sign in again.")
    await person.sign_in(owner)


async def test_a_role_and_sessions_are_changed(admin: Visitor, member: Person) -> None:
    await open_person(admin, member.email)
    await ask(admin, "Make administrator", "make-admin")
    await admin.check()
    await answer(admin, "is now an administrator")
    await expect(admin.page.locator("#person .badge")).to_have_text("Administrator")
    await ask(admin, "Remove administrator role", "make-user")
    await answer(admin, "is no longer an administrator")
    await ask(admin, "Sign out everywhere", "end-sessions")
    await answer(admin, "is signed out everywhere.")


async def test_somebody_who_has_to_wait_may_try_again(
    admin: Visitor, member: Person, live_server: LiveServer
) -> None:
    office = {"X-Forwarded-For": unique_address()}
    wrong = {"email": member.email, "password": "no password of hers"}
    for _ in range(5):
        asks.post(f"{live_server.base_url}/login", json=wrong, headers=office)
    right = {"email": member.email, "password": member.password}
    assert asks.post(f"{live_server.base_url}/login", json=right, headers=office).status_code == 429
    await open_person(admin, member.email)
    await ask(admin, "Lift limits", "lift-limits")
    await answer(admin, f"{member.email} can try again immediately.")
    assert asks.post(f"{live_server.base_url}/login", json=right, headers=office).is_success


async def test_a_change_asks_who_is_looking_if_that_is_long_ago(
    visit: Visit, device: Device, new_person: Callable[[], Person], member: Person, live_server: LiveServer
) -> None:
    visitor, nora = await visit(device), new_person()
    await come_as_admin(visitor, live_server, nora)
    await open_person(visitor, member.email)
    make_stale(live_server, nora.email)
    await visitor.page.get_by_role("button", name="Lock account").click()
    await expect(visitor.page.locator("#confirm-form")).to_be_visible()
    await visitor.check()
    await password_of(visitor).fill("no password of hers")
    await button_of(visitor).click()
    await expect(alert_of(visitor)).to_have_text(CHECK_FIELD)
    await password_of(visitor).fill(nora.password)
    await button_of(visitor).click()
    await expect(visitor.page.locator("#lock-form")).to_be_visible()
    await expect(visitor.page.locator("#person-title")).to_have_text(member.email)
    await answer(visitor, f"{member.email} is locked")


async def test_the_last_administrator_stays_one_and_nobody_locks_themselves(
    visit: Visit, device: Device, person: Person, new_person: Callable[[], Person], brittle_server: LiveServer
) -> None:
    visitor, other = await visit(device, brittle_server), new_person()
    with closing(sqlite3.connect(brittle_server.database, timeout=10)) as connection, connection:
        connection.execute("UPDATE users SET role = 'user'")
    await come_as_admin(visitor, brittle_server, person)
    await open_person(visitor, person.email)
    await expect(visitor.page.get_by_role("button", name="Lock account")).to_have_count(0)
    await ask(visitor, "Remove administrator role", "make-user")
    await expect(visitor.page.locator("#make-user-form")).to_be_visible()
    await button_of(visitor).click()
    await expect(alert_of(visitor)).to_have_text(LAST)
    await visitor.check()

    other.join(brittle_server)
    give_role(brittle_server, other.email)
    await button_of(visitor).click()
    await expect(visitor.page).to_have_url(re.compile(r"/login\?ended=1"))
    await expect(notice_of(visitor)).to_have_text(ENDED)


async def test_an_account_is_made_by_invitation(
    admin: Visitor, new_person: Callable[[], Person], live_server: LiveServer
) -> None:
    person = new_person()
    await admin.open("/admin/users")
    await admin.page.get_by_role("link", name="Create account").click()
    await expect(admin.page.locator("#create-form")).to_be_visible()
    await admin.check()
    await button_of(admin).click()
    await expect(admin.page.locator("#email-error")).to_have_text("Enter your email.")
    await admin.page.get_by_role("textbox", name="Email").fill(person.email)
    await button_of(admin).click()
    await expect(notice_of(admin)).to_have_text("Account created.")
    await expect(admin.page.locator("#person-title")).to_have_text(person.email)
    await wait_for_letter(live_server, person.email, "Your new account")


async def test_an_account_is_made_with_a_password(
    admin: Visitor, visit: Visit, new_person: Callable[[], Person], member: Person
) -> None:
    person = new_person()
    await admin.open("/admin/users/new")
    await admin.page.get_by_role("textbox", name="Email").fill(member.email)
    await admin.page.get_by_label("Password (optional)", exact=True).fill("short")
    await button_of(admin).click()
    await expect(admin.page.locator("#password-error")).to_contain_text("too short")
    await admin.check()
    await admin.page.get_by_label("Password (optional)", exact=True).fill(person.password)
    admin.secrets.add(person.password)
    await button_of(admin).click()
    await expect(admin.page.locator("#email-error")).to_contain_text("already in use or reserved")
    await admin.page.get_by_role("textbox", name="Email").fill(person.email)
    await button_of(admin).click()
    await expect(admin.page.locator("#person-title")).to_have_text(person.email)
    owner = await visit()
    await owner.open("/login")
    await person.sign_in(owner)


@pytest.mark.parametrize(
    "query", ["", "?id=", "?id=%00", "?id=nonsense", "?id=../../x&then=lock", "?then=created"]
)
async def test_an_address_that_names_nobody_says_so(admin: Visitor, query: str) -> None:
    await admin.open(f"/admin/users/person{query}")
    await expect(admin.page.locator("#nothing")).to_be_visible()
    await expect(admin.page.locator("#step")).to_have_count(0)
