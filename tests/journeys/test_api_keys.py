"""API keys on their page: created, shown once, used, revoked."""

import json
import re

import pytest
from playwright.async_api import APIResponse, Dialog, Locator, expect

from autograph_web.api_keys.spelling import id_of
from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import API_KEYS as STATE
from tests.journeys.forged_socket import forged
from tests.journeys.forms import alert_of, button_of, notice_of, password_of
from tests.journeys.person import Person
from tests.journeys.server_state import end_key, make_stale
from tests.journeys.test_forged_events import NONSENSE, browser_of, cookie_of, tab_of, told
from tests.journeys.two_step import Eavesdropper
from tests.support.browser.visitor import Device, Visitor, unique_address
from tests.support.mail.kept_messages import wait_for_letter
from tests.support.servers.live_server import LiveServer, asks

KEYS = "/settings/api-keys"
GONE = "That's already gone. We've refreshed the list."


async def open_keys(visitor: Visitor, path: str = KEYS) -> None:
    await visitor.open(path)
    await expect(visitor.page.locator("#api-keys")).to_be_visible()


async def at_step(visitor: Visitor, step: str) -> None:
    await expect(visitor.page.locator("#api-keys")).to_have_attribute("data-step", step)
    if step:
        await expect(visitor.page.locator("#step-title")).to_be_focused()


async def begin(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name="Create API key").click()
    await at_step(visitor, "create")


async def shown_key(visitor: Visitor) -> str:
    """Return the key that is shown."""
    await at_step(visitor, "shown")
    await expect(visitor.page.locator("[data-revealed=shown]")).to_be_visible()
    key = await visitor.page.locator("[data-slot=key]").inner_text()
    assert id_of(key)
    visitor.secrets.add(key[16:])
    return key


async def make(visitor: Visitor, name: str, expires: str = "90 days") -> str:
    """Create a key on the open page, dismiss it and return it."""
    await begin(visitor)
    await visitor.page.get_by_label("Name").fill(name)
    await visitor.page.get_by_label("Expires after").select_option(expires)
    await button_of(visitor).click()
    key = await shown_key(visitor)
    await visitor.page.get_by_label("I've saved this key").check()
    await visitor.page.get_by_role("button", name="Done").click()
    await at_step(visitor, "")
    return key


def line_of(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator("#keys li", has_text=name)


def status_of(server: str, key: str) -> int:
    """Return the status of the response to a program that sends `key`."""
    headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": unique_address()}
    return asks.get(f"{server}/me", headers=headers).status_code


async def test_the_ways_lead_to_the_keys_which_say_what_they_are_for(signed_in: Visitor) -> None:
    await signed_in.open("/dashboard")
    ways = signed_in.page.get_by_role("navigation", name="Account")
    await ways.get_by_role("link", name="API keys").click()
    await signed_in.at(KEYS)
    await expect(signed_in.page.get_by_role("heading", level=1)).to_have_text("API keys")
    await expect(signed_in.page.locator("#keys")).to_contain_text("No API keys yet.")
    await expect(signed_in.page.locator("#keys pre")).to_have_text(
        f"curl -H 'Authorization: Bearer agk_…' {signed_in.base_url}/me"
    )
    await signed_in.connected()
    await signed_in.check()


async def test_without_a_session_there_is_no_page_of_keys(visitor: Visitor) -> None:
    await visitor.load(KEYS)
    await visitor.at("/login?next=%2Fsettings%2Fapi-keys")


@pytest.mark.phone_too
async def test_a_key_is_made_shown_once_used_and_revoked(
    signed_in: Visitor, person: Person, live_server: LiveServer
) -> None:
    heard = Eavesdropper(signed_in)
    await open_keys(signed_in)
    await begin(signed_in)
    await signed_in.check()
    await expect(signed_in.page.get_by_label("Administer")).to_have_count(0)
    await signed_in.page.get_by_label("Name").fill("Sicherung <b>für</b> Zürich 💾")
    await signed_in.page.get_by_label("Write").check()
    await signed_in.page.get_by_label("Expires after").select_option("1 year")
    await button_of(signed_in).click()
    key = await shown_key(signed_in)
    await signed_in.check()
    done = signed_in.page.get_by_role("button", name="Done")
    await expect(done).to_be_disabled()
    await signed_in.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await signed_in.page.get_by_role("button", name="Copy").click()
    await expect(signed_in.page.locator("[data-said]")).to_have_text("Copied.")
    assert await signed_in.page.evaluate("() => navigator.clipboard.readText()") == key
    assert status_of(signed_in.base_url, key) == 200
    await signed_in.page.get_by_label("I've saved this key").check()
    await done.click()
    await at_step(signed_in, "")
    await expect(signed_in.page.locator("#keys")).to_be_focused()
    await expect(notice_of(signed_in)).to_contain_text("Your API key is ready.")

    line = line_of(signed_in, "Sicherung <b>für</b> Zürich 💾")
    await expect(line).to_contain_text(f"{key[:15]}…")
    await expect(line).to_contain_text("read, write")
    await expect(line).to_contain_text("Last used:")
    await expect(line.locator(".badge")).to_have_count(0)
    await signed_in.check()
    assert await wait_for_letter(live_server, person.email, "New API key created")

    await line.get_by_role("button", name="Revoke").click()
    await at_step(signed_in, "revoke")
    await signed_in.check()
    await signed_in.page.locator("#cancel").click()
    await at_step(signed_in, "")
    assert status_of(signed_in.base_url, key) == 200
    await line.get_by_role("button", name="Revoke").click()
    await at_step(signed_in, "revoke")
    await button_of(signed_in).click()
    await expect(notice_of(signed_in)).to_contain_text("Revoked")
    await expect(signed_in.page.locator("#keys")).to_contain_text("No API keys yet.")
    assert status_of(signed_in.base_url, key) == 401
    await heard.check(key[16:])
    assert key[16:] not in await signed_in.page.content()


async def test_what_is_wrong_is_said_beside_the_field_and_the_rest_is_kept(signed_in: Visitor) -> None:
    await open_keys(signed_in)
    await begin(signed_in)
    name = signed_in.page.get_by_label("Name")
    await signed_in.page.get_by_label("Expires after").select_option("No expiration")
    for typed in ("", "   ", "\u200b"):
        await name.fill(typed)
        await button_of(signed_in).click()
        await expect(name).to_be_focused()
        await expect(signed_in.page.locator("#name-error")).to_have_text(
            "Give the key a name of 1 to 64 characters, on one line."
        )
    await signed_in.check()
    await name.fill("Backup")
    await signed_in.page.get_by_label("Read").uncheck()
    await button_of(signed_in).click()
    await expect(signed_in.page.locator("#scopes-error")).to_have_text("Select at least one permission.")
    await expect(signed_in.page.locator("#scopes")).to_be_focused()
    await signed_in.check()
    await signed_in.page.get_by_label("Read").check()
    await button_of(signed_in).click()
    await shown_key(signed_in)
    await signed_in.page.get_by_label("I've saved this key").check()
    await signed_in.page.get_by_role("button", name="Done").click()
    await expect(line_of(signed_in, "Backup")).to_contain_text("Never expires")


async def test_a_reload_shows_no_key_again_and_asks_before(signed_in: Visitor) -> None:
    await open_keys(signed_in)
    await begin(signed_in)
    await signed_in.page.get_by_label("Name").fill("Backup")
    await button_of(signed_in).click()
    key = await shown_key(signed_in)
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    signed_in.own_page.on("dialog", leave)
    await signed_in.page.reload()
    await expect(line_of(signed_in, "Backup")).to_be_visible()
    assert asked == ["beforeunload"]
    assert key[16:] not in await signed_in.page.content()


async def test_a_key_that_could_not_be_shown_is_revoked_for_another(signed_in: Visitor) -> None:
    await open_keys(signed_in)
    await begin(signed_in)
    signed_in.allow(r"/session/reveal", "Failed to load resource: net::ERR_FAILED")
    await signed_in.own_page.route("**/session/reveal", lambda route: route.abort())
    await signed_in.page.get_by_label("Name").fill("Unseen")
    await button_of(signed_in).click()
    await expect(signed_in.page.locator("[data-revealed=failed]")).to_be_visible()
    await signed_in.check()
    await signed_in.page.unroute("**/session/reveal")
    await signed_in.page.get_by_role("button", name="Revoke and create another").click()
    await at_step(signed_in, "create")
    await signed_in.page.get_by_label("Name").fill("Seen")
    await button_of(signed_in).click()
    await shown_key(signed_in)
    await signed_in.page.get_by_label("I've saved this key").check()
    await signed_in.page.get_by_role("button", name="Done").click()
    await expect(signed_in.page.locator("#keys li")).to_have_count(1)
    await expect(line_of(signed_in, "Seen")).to_be_visible()


async def test_two_tabs_agree_in_the_end(signed_in: Visitor) -> None:
    await open_keys(signed_in)
    await make(signed_in, "Backup")
    other = await signed_in.tab()
    await open_keys(other)
    await line_of(other, "Backup").get_by_role("button", name="Revoke").click()
    await at_step(other, "revoke")
    await line_of(signed_in, "Backup").get_by_role("button", name="Revoke").click()
    await at_step(signed_in, "revoke")
    await button_of(signed_in).click()
    await expect(notice_of(signed_in)).to_contain_text("Revoked")
    await button_of(other).click()
    await expect(alert_of(other)).to_have_text(GONE)
    await expect(other.page.locator("#keys")).to_contain_text("No API keys yet.")


async def test_a_sign_in_that_is_not_fresh_is_confirmed_first(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await person.come_in(visitor)
    make_stale(brittle_server, person.email)
    await open_keys(visitor)
    await visitor.page.get_by_role("button", name="Create API key").click()
    await at_step(visitor, "confirm")
    await visitor.check()
    await password_of(visitor).fill(person.password)
    await button_of(visitor).click()
    await at_step(visitor, "create")
    await visitor.at(KEYS)
    await visitor.page.get_by_label("Name").fill("Backup")
    await button_of(visitor).click()
    await shown_key(visitor)


async def test_expired_keys_and_those_about_to_are_marked(
    visit: Visit, device: Device, person: Person, brittle_server: LiveServer
) -> None:
    visitor = await visit(device, brittle_server)
    await person.come_in(visitor)
    await open_keys(visitor)
    for name in ("Old", "Soon", "Fine"):
        await make(visitor, name)
    end_key(brittle_server, "Old", "-1 day")
    end_key(brittle_server, "Soon", "+2 days")
    await open_keys(visitor)
    await expect(line_of(visitor, "Old").locator(".badge")).to_have_text("Expired")
    await expect(line_of(visitor, "Soon").locator(".badge")).to_have_text("Expires soon")
    await expect(line_of(visitor, "Fine").locator(".badge")).to_have_count(0)
    await visitor.check()


async def test_the_native_form_makes_a_key_that_the_page_then_shows(signed_in: Visitor) -> None:
    answer = await native(signed_in, "/session/create-api-key", name="Backup", scope_read="on", expires="7")
    assert answer.headers["location"] == KEYS
    assert "agk_" not in json.dumps(answer.headers)
    await signed_in.open(KEYS)
    key = await shown_key(signed_in)
    assert status_of(signed_in.base_url, key) == 200
    await signed_in.page.get_by_label("I've saved this key").check()
    await signed_in.page.get_by_role("button", name="Done").click()
    await at_step(signed_in, "")
    await native(signed_in, "/session/revoke-api-key", key=id_of(key) or "")
    await open_keys(signed_in)
    await expect(notice_of(signed_in)).to_have_text("API key revoked.")
    assert status_of(signed_in.base_url, key) == 401
    await native(signed_in, "/session/create-api-key", name="", scope_read="on", expires="7")
    await open_keys(signed_in)
    await expect(alert_of(signed_in)).not_to_be_empty()
    await native(signed_in, "/session/create-api-key", name="x", expires="7")
    await native(signed_in, "/session/create-api-key", name="x", scope_read="on", expires="8")
    await open_keys(signed_in)
    await expect(signed_in.page.locator("#keys")).to_contain_text("No API keys yet.")


async def test_without_a_cookie_no_key_is_made_seen_or_revoked(
    brittle_server: LiveServer, visit: Visit, person: Person
) -> None:
    victim = await visit(server=brittle_server)
    await person.come_in(victim)
    await open_keys(victim)
    key = await make(victim, "Private backup")
    await begin(victim)
    await victim.page.get_by_label("Name").fill("Another")
    await button_of(victim).click()
    unsaved = await shown_key(victim)
    tab, browser = await tab_of(victim), await browser_of(victim)
    await victim.page.close()
    thief = Person(f"thief.{person.email}", "gravel harbour 999 violins")
    thief.join(brittle_server)
    form = {"name": "Forged", "scope_read": "on", "expires": "never"}
    for token, cookie in ((tab, ""), ("", ""), (tab, cookie_of(brittle_server, thief))):
        async with forged(brittle_server.base_url, token=token, browser=browser, cookie=cookie) as socket:
            for handler in ("load", "done", "discard", "revoke", "cancel", "_revoked", "_discarded", "_fill"):
                await socket.call(f"{STATE}.{handler}", {}, KEYS)
            for nonsense in (*NONSENSE, id_of(key)):
                await socket.call(f"{STATE}.ask_revoke", {"key": nonsense}, KEYS)
                await socket.call(f"{STATE}.revoke", {}, KEYS)
                await socket.call(f"{STATE}.ask", {"intent": nonsense}, KEYS)
                await socket.call(f"{STATE}.create", {"form": nonsense}, KEYS)
                await socket.call(f"{STATE}.tick_saved", {"ticked": nonsense}, KEYS)
            for payload in ({"form": form}, form, {"form": {**form, "name": {"a": 1}}}):
                await socket.call(f"{STATE}.create", payload, KEYS)
                if not cookie:
                    await socket.call(f"{STATE}.ask", {"intent": "create"}, KEYS)
                    await socket.call(f"{STATE}.create", payload, KEYS)
            await socket.call(f"{STATE}._show_key", {"key_id": id_of(key), "ticket": "x"}, KEYS)
            heard = told(await socket.settle())
        assert "Private backup" not in heard
        assert key[:15] not in heard
        assert not re.search(r" reveal_rx_state_ \S", heard)
    assert status_of(brittle_server.base_url, key) == status_of(brittle_server.base_url, unsaved) == 200
    brittle_server.check_secrets()


async def native(visitor: Visitor, path: str, **fields: str) -> APIResponse:
    """Send a native form from the browser of `visitor`, without its page."""
    return await visitor.context.request.post(
        visitor.base_url + path,
        form=dict[str, str | float | bool](fields),
        headers={"Origin": visitor.base_url},
        max_redirects=0,
    )
