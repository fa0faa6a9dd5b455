"""Enabling two-step verification on the page."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Dialog, expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import CHECK_FIELD, alert_of, button_of, notice_of, password_of
from tests.journeys.person import Person
from tests.journeys.two_step import (
    TURNED_ON,
    WRONG_CODE,
    Eavesdropper,
    Owner,
    Phone,
    ask,
    asks_for_code,
    at_step,
    code_is_refused,
    code_of,
    codes_of,
    open_security,
    put_codes_away,
    shown_codes,
    shown_key,
    type_code,
    use_recovery_code,
)
from tests.support.browser.visitor import Device, Scheme, Visitor
from tests.support.clients.authenticator import Authenticator
from tests.support.servers.live_server import LiveServer

_SCHEMES: tuple[Scheme, ...] = ("light", "dark")


async def photographed(visitor: Visitor, scheme: Scheme) -> bytes:
    """Return a picture of the QR code, as a phone in front of the screen would take it."""
    await visitor.page.emulate_media(color_scheme=scheme)
    picture = await visitor.page.locator("[data-slot=qr]").screenshot()
    await visitor.page.emulate_media(color_scheme=None)
    return picture


async def set_up(visitor: Visitor) -> Phone:
    """Start an enrolment on the security page and scan its key."""
    await open_security(visitor)
    await ask(visitor, "turn-on")
    return Phone(Authenticator(await shown_key(visitor)))


@pytest.mark.phone_too
async def test_scanning_the_key_and_typing_a_code_turns_it_on(
    visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    visitor = await visit(device, permissions=["clipboard-read", "clipboard-write"])
    page, heard = visitor.page, Eavesdropper(visitor)
    await person.come_in(visitor)
    await open_security(visitor)
    await expect(page).to_have_title("Security · AutoGraph")
    await expect(page.locator("#two-step .badge")).to_have_text("Off")
    await expect(page.locator("#recovery-codes")).to_have_count(0)
    await visitor.check()

    # The QR code, the key and the link have the same content.
    await ask(visitor, "turn-on")
    key = await shown_key(visitor)
    uri = await page.locator("[data-slot=uri]").get_attribute("href") or ""
    expected = Authenticator(key, person.email, "AutoGraph v3")
    assert Authenticator.open(uri) == expected
    for scheme in _SCHEMES:
        assert Authenticator.scan(await photographed(visitor, scheme)) == expected
    await page.get_by_role("button", name="Copy key").click()
    await expect(page.get_by_text("Copied.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == key
    await visitor.check()

    # A wrong code changes nothing, not even the key.
    phone = Phone(expected)
    await type_code(visitor, phone.wrong_code())
    await code_is_refused(visitor, WRONG_CODE)
    await expect(alert_of(visitor)).to_have_text(CHECK_FIELD)
    assert (await page.locator("[data-slot=key]").inner_text()).replace(" ", "") == key
    assert not await asks_for_code(person, live_server)
    await visitor.check()

    await type_code(visitor, await phone.code())
    codes = await shown_codes(visitor)
    assert len(set(codes)) == 10
    await visitor.check()
    await keep_a_copy(visitor, person, codes)
    await put_codes_away(visitor, TURNED_ON)
    await expect(page.locator("#two-step .badge")).to_have_text("On")
    await expect(page.locator("#recovery-codes [data-count]")).to_have_attribute("data-count", "10")
    await expect(page.locator("#trusted-devices li")).to_have_count(0)
    await visitor.check()

    # They are shown once.
    await page.reload()
    await expect(page.locator("#two-step .badge")).to_have_text("On")
    await at_step(visitor, "")
    assert not [code for code in codes if code in await page.content()]

    await visitor.open("/dashboard")
    await expect(page.locator("#security .badge")).to_have_text("Two-step on")
    await expect(page.locator("#security")).to_contain_text(
        "You sign in with your password and a code from your authenticator app."
    )
    await visitor.check()
    assert await asks_for_code(person, live_server)
    await heard.check(key, uri, *codes)


async def test_devices_that_stay_signed_in_change_no_password_without_a_code(
    signed_in: Visitor, visit: Visit, device: Device, person: Person, live_server: LiveServer
) -> None:
    other, page = await visit(device), signed_in.page
    await person.come_back(other)
    phone = await set_up(signed_in)
    box = page.get_by_label("Sign out my other devices")
    await expect(box).to_be_checked()
    await box.uncheck()
    await type_code(signed_in, await phone.code())
    paper = await shown_codes(signed_in)
    await put_codes_away(signed_in, TURNED_ON)

    # The other device stays signed in, but a new password requires a code now.
    changed = replace(person, password="basalt teapot nineteen lanterns")
    await open_security(other)
    await expect(other.page.locator("#two-step .badge")).to_have_text("On")
    await ask(other, "change-password")
    await change_password(other, person, changed)
    await at_step(other, "confirm")
    await expect(other.page.locator("#step")).to_contain_text("enter your password and a verification code")
    await other.check()
    assert await asks_for_code(person, live_server), "the password is as it was"

    await use_recovery_code(other)
    await password_of(other).fill(person.password)
    await code_of(other).fill(paper[0])
    await other.page.get_by_role("button", name="Continue").click()
    await change_password(other, person, changed)
    await expect(notice_of(other)).to_have_text("Your password was changed.")
    assert await asks_for_code(changed, live_server)


async def change_password(visitor: Visitor, before: Person, after: Person) -> None:
    await at_step(visitor, "change-password")
    visitor.secrets |= {before.password, after.password}
    await visitor.page.get_by_label("Current password", exact=True).fill(before.password)
    await visitor.page.get_by_label("New password", exact=True).fill(after.password)
    await button_of(visitor).click()


def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


async def keep_a_copy(visitor: Visitor, person: Person, codes: list[str]) -> None:
    """Copy the recovery codes, and download them."""
    page = visitor.page
    await page.get_by_role("button", name="Copy", exact=True).click()
    await expect(page.get_by_text("Copied.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == "\n".join(codes)
    async with page.expect_download() as begun:
        await page.get_by_role("button", name="Download").click()
    download = await begun.value
    assert download.suggested_filename == "autograph-recovery-codes.txt"
    lines = lines_of(await download.path())
    assert lines[:3] == ["AutoGraph recovery codes", person.email, visitor.base_url]
    assert [line.split(". ")[1] for line in lines[5:15]] == codes
    assert lines[15:] == ["", "Each code works once."]


async def test_leaving_half_way_changes_nothing(
    signed_in: Visitor, person: Person, live_server: LiveServer
) -> None:
    phones = [await set_up(signed_in)]
    await signed_in.page.locator("#cancel").click()
    await at_step(signed_in, "")
    await expect(signed_in.page.locator("#two-step")).to_be_focused()
    await expect(signed_in.page.locator("#two-step .badge")).to_have_text("Off")

    await ask(signed_in, "turn-on")
    phones.append(Phone(Authenticator(await shown_key(signed_in))))
    await signed_in.page.reload()
    await signed_in.connected()
    await at_step(signed_in, "")
    await expect(signed_in.page.locator("#two-step .badge")).to_have_text("Off")
    assert not await asks_for_code(person, live_server)

    phones.append(await set_up(signed_in))
    await signed_in.page.get_by_role("link", name="Overview").click()
    await signed_in.at("/dashboard")
    await signed_in.page.go_back()
    await signed_in.connected()
    await at_step(signed_in, "")
    await expect(signed_in.page.locator("[data-slot]")).to_have_count(0)

    # Each enrolment has its own key, and only the last one counts.
    phones.append(await set_up(signed_in))
    assert len({phone.entry.key for phone in phones}) == 4
    await type_code(signed_in, await phones[0].code())
    await code_is_refused(signed_in, WRONG_CODE)
    assert not await asks_for_code(person, live_server)


async def test_a_setup_that_another_tab_finished_is_over(
    signed_in: Visitor, person: Person, live_server: LiveServer
) -> None:
    other = await signed_in.tab()
    late, quick = await set_up(signed_in), await set_up(other)
    await type_code(other, await quick.code())
    owner = Owner(person, live_server, quick, await shown_codes(other))
    await put_codes_away(other, TURNED_ON)

    await signed_in.page.bring_to_front()
    await type_code(signed_in, await late.code())
    await expect(signed_in.page.locator("#security")).not_to_have_attribute("data-step", "setup")
    assert not await owner.may_enter(await late.code())
    assert await owner.may_enter(await quick.code())
    await signed_in.page.reload()
    await at_step(signed_in, "")
    await expect(signed_in.page.locator("#two-step .badge")).to_have_text("On")


async def test_codes_that_are_not_saved_hold_somebody_back(signed_in: Visitor) -> None:
    phone = await set_up(signed_in)
    page, asked = signed_in.page, list[str]()

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    signed_in.own_page.on("dialog", stay)
    await type_code(signed_in, await phone.code())
    codes = await shown_codes(signed_in)
    await page.get_by_role("link", name="Overview").click()
    await expect(page.get_by_role("button", name="Done")).to_be_disabled()
    assert asked == ["beforeunload"]
    assert await codes_of(signed_in).all_inner_texts() == codes

    # The page still works, and can be left as soon as they are saved.
    await page.get_by_label("I've saved these codes").check()
    await expect(page.get_by_role("button", name="Done")).to_be_enabled()
    await page.get_by_role("link", name="Overview").click()
    await signed_in.at("/dashboard")
    await expect(page.locator("#security .badge")).to_have_text("Two-step on")
    assert asked == ["beforeunload"]


async def test_a_key_that_could_not_be_shown_is_made_again(signed_in: Visitor) -> None:
    page = signed_in.page
    signed_in.allow("500")
    await signed_in.own_page.route("**/session/reveal", lambda route: route.fulfill(status=500, body="{}"))
    await open_security(signed_in)
    await ask(signed_in, "turn-on")
    await expect(page.locator("[data-reveal]")).to_have_attribute("data-revealed", "failed")
    await expect(page.get_by_text("We couldn't show the key.")).to_be_visible()
    await expect(page.locator("#setup-form")).to_be_hidden()
    await signed_in.check()
    await page.unroute("**/session/reveal")
    await page.get_by_role("button", name="Try again").click()
    phone = Phone(Authenticator(await shown_key(signed_in)))
    await type_code(signed_in, await phone.code())
    await shown_codes(signed_in)
    await put_codes_away(signed_in, TURNED_ON)
