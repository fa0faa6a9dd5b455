"""Changing two-step verification on the page: new recovery codes, another authenticator, disabling it."""

import time
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.forms import notice_of, password_of
from tests.journeys.person import WRONG, Person
from tests.journeys.two_step import (
    SECURITY,
    WRONG_CODE,
    Eavesdropper,
    Owner,
    Phone,
    ask,
    asks_for_code,
    at_step,
    code_is_refused,
    code_of,
    open_security,
    put_codes_away,
    shown_codes,
    shown_key,
    type_code,
    use_recovery_code,
)
from tests.support.browser.visitor import Visitor
from tests.support.clients.authenticator import Authenticator
from tests.support.servers.live_server import LiveServer


async def test_new_recovery_codes_replace_the_old(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    owner, heard = await Owner.of(member, live_server), Eavesdropper(visitor)
    await owner.come_in(visitor)
    await open_security(visitor)
    await ask(visitor, "new-codes")
    await at_step(visitor, "new-codes")
    await visitor.check()
    await visitor.page.locator("#cancel").click()
    await at_step(visitor, "")
    assert await owner.may_enter(owner.paper.pop())

    await ask(visitor, "new-codes")
    await at_step(visitor, "new-codes")
    await visitor.page.locator("#make-codes").click()
    codes = await shown_codes(visitor)
    assert not set(codes) & set(owner.paper)
    await put_codes_away(visitor, "Your new recovery codes are ready. The old ones no longer work.")
    await expect(visitor.page.locator("#recovery-codes [data-count]")).to_have_attribute("data-count", "10")
    await visitor.check()
    assert not await owner.may_enter(owner.paper.pop())
    assert await owner.may_enter(codes[0])
    await heard.check(*owner.paper, *codes)


async def test_another_authenticator_replaces_the_old(
    visitor: Visitor, visit: Visit, member: Person, live_server: LiveServer
) -> None:
    owner, heard = await Owner.of(member, live_server), Eavesdropper(visitor)
    await owner.come_in(visitor)
    await open_security(visitor)
    await ask(visitor, "replace")
    abandoned = await shown_key(visitor)
    await expect(visitor.page.locator("#step-title")).to_have_text("Set up your new authenticator app")
    await visitor.check()

    # Until the new one is confirmed, the old one remains in effect.
    await visitor.page.locator("#cancel").click()
    await at_step(visitor, "")
    assert await owner.may_enter(await owner.phone.code())
    await ask(visitor, "replace")
    key = await shown_key(visitor)
    assert len({key, abandoned, owner.phone.entry.key}) == 3
    await type_code(visitor, owner.phone.wrong_code())
    await code_is_refused(visitor, WRONG_CODE)

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    await type_code(visitor, owner.phone.entry.code(time.time()))
    newer = f"Use the newer entry in your app, the one with {today} in its name."
    await code_is_refused(visitor, f"That code is from the authenticator app you're replacing. {newer}")
    phone = Phone(Authenticator(key))
    await type_code(visitor, await phone.code())
    codes = await shown_codes(visitor)
    replaced = (
        "Your authenticator app was replaced. Delete the older entry in the app; the new one has today's date"
    )
    await put_codes_away(visitor, f"{replaced} in its name.")
    other = await visit()
    await other.open("/login")
    await owner.show_password(other)
    await type_code(other, owner.phone.entry.code(time.time()))
    await code_is_refused(other, f"That code is from an authenticator app you've replaced. {newer}")
    assert not await owner.may_enter(owner.paper[0])
    assert await owner.may_enter(await phone.code())
    await heard.check(key, abandoned, owner.phone.entry.key, *owner.paper, *codes)


async def test_turning_it_off_takes_the_password_and_a_code(
    visitor: Visitor, member: Person, live_server: LiveServer
) -> None:
    owner, page = await Owner.of(member, live_server), visitor.page
    await owner.come_in(visitor)
    before = await visitor.cookie("autograph_session")
    await open_security(visitor)
    await ask(visitor, "turn-off")
    await at_step(visitor, "confirm")
    await expect(page.locator("#step")).to_contain_text("enter your password and a verification code")
    await visitor.check()

    go_on = page.get_by_role("button", name="Continue")
    await go_on.click()
    await expect(password_of(visitor)).to_have_accessible_description("Enter your password.")
    await expect(password_of(visitor)).to_be_focused()
    visitor.secrets.add(WRONG)
    await password_of(visitor).fill(WRONG)
    await code_of(visitor).fill(await owner.phone.code())
    await go_on.click()
    await expect(password_of(visitor)).to_have_accessible_description("Wrong password. Try again.")
    await expect(password_of(visitor)).to_be_focused()
    await visitor.check()
    await password_of(visitor).fill(member.password)
    await code_of(visitor).fill(owner.phone.wrong_code())
    await go_on.click()
    await code_is_refused(visitor, WRONG_CODE)
    assert await asks_for_code(member, live_server)

    # Confirming the identity starts a new session: the old cookie is no longer accepted.
    await use_recovery_code(visitor)
    await password_of(visitor).fill(member.password)
    await code_of(visitor).fill(owner.paper.pop())
    await go_on.click()
    await at_step(visitor, "turn-off")
    await visitor.at(SECURITY)
    assert (await visitor.cookie("autograph_session"))["value"] != before["value"]
    await visitor.check()
    assert await asks_for_code(member, live_server)
    await page.get_by_role("button", name="Turn off").click()
    await expect(notice_of(visitor)).to_have_text("Two-step verification is off.")
    await expect(page.locator("#two-step .badge")).to_have_text("Off")
    for card in ("#recovery-codes", "#trusted-devices"):
        await expect(page.locator(card)).to_have_count(0)
    await visitor.check()
    assert not await asks_for_code(member, live_server)
    await visitor.open("/dashboard")
    await expect(page.locator("#security .badge")).to_have_text("Password only")


@pytest.mark.parametrize("step", ["confirm", "turn-off"])
async def test_turning_it_off_can_be_thought_better_of(
    visitor: Visitor, member: Person, live_server: LiveServer, step: str
) -> None:
    owner = await Owner.of(member, live_server)
    await owner.come_in(visitor)
    if step == "confirm":
        await open_security(visitor)
        await ask(visitor, "turn-off")
    else:
        # With recent authentication in both steps, the address leads directly to it.
        await visitor.open(f"{SECURITY}?then=turn-off")
    await at_step(visitor, step)
    await visitor.page.locator("#cancel").click()
    await at_step(visitor, "")
    await expect(visitor.page.locator("#two-step .badge")).to_have_text("On")
    assert await asks_for_code(member, live_server)
