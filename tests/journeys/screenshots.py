"""Takes the screenshots for the documentation: `python -m tests.journeys.screenshots docs/screens`.

Names after the folder restrict it to screenshots whose names begin with one of them: `… docs/screens security
flags`.
"""

import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count, cycle
from pathlib import Path
from typing import Any, cast

import httpx
from PIL import Image
from playwright.async_api import Browser, expect

from autograph_web.infra.context import RequestContext
from autograph_web.mail.message import Action, MailMessage, circumstances
from autograph_web.mail.rendering import as_html
from tests.journeys import kept_messages
from tests.journeys.forms import alert_of, banner_of, button_of, email_of, notice_of, password_of
from tests.journeys.operators import come_as_admin, open_person, operate
from tests.journeys.person import WRONG, Person
from tests.journeys.test_not_me import follow as follow_to
from tests.journeys.test_not_me import stranger_signs_in
from tests.journeys.test_password_reset import NEW, ask, ask_by_rest, choose, follow, new_password_of
from tests.journeys.test_server_overview import give_days
from tests.journeys.two_step import (
    TURNED_ON,
    Phone,
    put_codes_away,
    shown_codes,
    shown_key,
    type_code,
)
from tests.journeys.websocket_interception import InterceptedWebsocket
from tests.support.browser.profiles import Browsers
from tests.support.browser.visitor import (
    DESKTOP,
    PHONE,
    Device,
    Scheme,
    Visitor,
    running_browser,
)
from tests.support.clients.authenticator import Authenticator
from tests.support.servers.live_server import LiveServer

Colour = tuple[int, int, int]

PASSWORD = "gravel harbour thirteen violins"
MINA = Person("mina.north@northwind.dev", PASSWORD)
_NAMES = cycle(("noor.haddad", "jonas.weber", "ada.lindqvist", "tomas.silva"))
_numbers = count(1)
_servers: dict[str, LiveServer] = {}
_COLOURS = 128
_TABLET = (
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
_SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def newcomer() -> Person:
    """Invent a user for one screenshot."""
    return Person(f"{next(_NAMES)}@northwind{next(_numbers)}.dev", PASSWORD)


async def home(visitor: Visitor) -> None:
    await visitor.open("/")


async def register(visitor: Visitor) -> None:
    await visitor.open("/register")


async def register_weak(visitor: Visitor) -> None:
    await register(visitor)
    await email_of(visitor).fill(MINA.email)
    await password_of(visitor).fill("password1")
    await button_of(visitor).click()
    await expect(password_of(visitor)).to_be_focused()
    await expect(visitor.page.get_by_role("meter")).to_have_attribute("aria-valuenow", "1")


async def register_strong(visitor: Visitor) -> None:
    await register(visitor)
    await email_of(visitor).fill(MINA.email)
    await password_of(visitor).fill(MINA.password)
    await expect(visitor.page.get_by_role("meter")).to_have_attribute("aria-valuenow", "4")


async def sign_in(visitor: Visitor) -> None:
    await visitor.open("/login")


async def sign_in_pending(visitor: Visitor) -> None:
    wire = await InterceptedWebsocket.between(visitor)
    await sign_in(visitor)
    await MINA.fill_in(visitor)
    wire.hold_after('"pending')
    await button_of(visitor).click()
    await expect(button_of(visitor)).to_have_text("Signing in…")


async def sign_in_refused(visitor: Visitor) -> None:
    await sign_in(visitor)
    await MINA.try_to_sign_in(visitor, WRONG)
    await expect(password_of(visitor)).to_be_focused()


async def sign_in_limited(visitor: Visitor) -> None:
    await sign_in(visitor)
    stranger = Person(f"somebody@northwind{next(_numbers)}.dev", WRONG)
    for tries in range(1, 7):
        await stranger.try_to_sign_in(visitor)
        await expect(visitor.page.locator("#sign-in-form")).to_have_attribute("data-answers", str(tries))
    await expect(alert_of(visitor)).to_be_focused()


async def sign_in_ended(visitor: Visitor) -> None:
    await Person(f"somebody@northwind{next(_numbers)}.dev", WRONG).come_in(visitor)
    cookies = await visitor.context.cookies()
    await visitor.context.request.post(f"{visitor.base_url}/logout-all", headers={"Origin": visitor.base_url})
    await visitor.context.add_cookies(cast(Any, cookies))
    await visitor.load("/dashboard")
    await expect(notice_of(visitor)).not_to_be_empty()


async def forgotten(visitor: Visitor) -> None:
    await visitor.open("/password-reset")


async def forgotten_sent(visitor: Visitor) -> None:
    await ask(visitor, MINA)


async def new_password(visitor: Visitor) -> None:
    person, server = newcomer(), _servers[visitor.base_url]
    person.join(server)
    await follow(visitor, await ask_by_rest(server, person))
    await new_password_of(visitor).fill(NEW)
    await expect(visitor.page.get_by_role("meter")).to_have_attribute("aria-valuenow", "4")


async def new_password_weak(visitor: Visitor) -> None:
    await new_password(visitor)
    await choose(visitor, "password1")
    await expect(new_password_of(visitor)).to_be_focused()
    await expect(visitor.page.get_by_role("meter")).to_have_attribute("aria-valuenow", "1")


async def new_password_used(visitor: Visitor) -> None:
    await follow(visitor, f"{visitor.base_url}/password-reset/confirm#token={'x' * 43}")
    await expect(alert_of(visitor)).not_to_be_empty()


async def not_me(visitor: Visitor) -> None:
    person, server = newcomer(), _servers[visitor.base_url]
    person.join(server)
    await follow_to(visitor, (await stranger_signs_in(server, person))[1])
    await expect(visitor.page.locator(".facts")).to_be_visible()


async def offline(visitor: Visitor) -> None:
    await sign_in(visitor)
    await email_of(visitor).fill(MINA.email)
    await visitor.context.set_offline(True)
    await expect(banner_of(visitor)).to_be_visible()


async def overview(visitor: Visitor) -> None:
    person = newcomer()
    await person.come_in(visitor)
    await visitor.context.clear_cookies(name="autograph_session")
    await visitor.open("/login")
    await person.try_to_sign_in(visitor)
    await expect(password_of(visitor)).to_be_focused()
    await person.sign_in(visitor)


async def overview_confirm(visitor: Visitor) -> None:
    await overview(visitor)
    await visitor.page.locator("summary").click()


async def security(visitor: Visitor) -> None:
    await MINA.come_back(visitor)
    await visitor.open("/settings/security")
    await expect(visitor.page.locator("#two-step .badge")).to_be_visible()


async def security_setup(visitor: Visitor) -> None:
    await security(visitor)
    await visitor.page.get_by_role("button", name="Turn on", exact=True).click()
    await expect(visitor.page.locator("[data-revealed=shown]")).to_be_visible()


async def security_codes(visitor: Visitor) -> None:
    await newcomer().come_in(visitor)
    await visitor.open("/settings/security")
    await visitor.page.get_by_role("button", name="Turn on", exact=True).click()
    await type_code(visitor, await Phone(Authenticator(await shown_key(visitor))).code())
    await shown_codes(visitor)


async def security_on(visitor: Visitor) -> None:
    await security_codes(visitor)
    await put_codes_away(visitor, TURNED_ON)


async def security_password(visitor: Visitor) -> None:
    await security(visitor)
    await visitor.page.get_by_role("button", name="Change password").click()
    await visitor.page.get_by_label("New password", exact=True).fill(NEW)
    await expect(visitor.page.get_by_role("meter")).to_have_attribute("aria-valuenow", "4")


async def devices(visitor: Visitor) -> None:
    person = newcomer()
    await person.come_in(visitor)
    _sign_in_elsewhere(visitor, person, "/session/sign-in", PHONE.options["user_agent"], "198.51.100.24")
    _sign_in_elsewhere(visitor, person, "/session/sign-in", _TABLET, "2001:db8:85a3:8d3:1319:8a2e:370:7348")
    _sign_in_elsewhere(visitor, person, "/login", "curl/8.15.0", "192.0.2.80")
    await visitor.open("/settings/sessions")
    await expect(visitor.page.locator("#other-devices li")).to_have_count(3)


async def devices_confirm(visitor: Visitor) -> None:
    await devices(visitor)
    await visitor.page.locator("#other-devices li").first.get_by_role("button").click()
    await expect(visitor.page.locator("#form-notice")).not_to_be_empty()
    await visitor.page.locator("summary").click()


async def devices_only(visitor: Visitor) -> None:
    await newcomer().come_in(visitor)
    await visitor.open("/settings/sessions")
    await expect(visitor.page.locator("#other-devices .empty")).to_be_visible()


def _sign_in_elsewhere(visitor: Visitor, person: Person, path: str, agent: str, address: str) -> None:
    """Sign in with another device, by form or over REST."""
    typed = {"email": person.email, "password": person.password}
    headers = {"User-Agent": agent, "X-Forwarded-For": address, "Origin": visitor.base_url}
    given: dict[str, Any] = {"json": typed} if path == "/login" else {"data": typed}
    httpx.post(visitor.base_url + path, headers=headers, **given)


async def activity(visitor: Visitor) -> None:
    await overview(visitor)
    await visitor.open("/settings/activity")
    await expect(visitor.page.locator("#events")).to_be_visible()


async def account(visitor: Visitor) -> None:
    await MINA.come_back(visitor)
    await visitor.open("/settings/account")
    await expect(visitor.page.locator("#email-card .badge")).to_be_visible()


async def account_email(visitor: Visitor) -> None:
    await account(visitor)
    await visitor.page.get_by_role("button", name="Change email").click()
    await expect(visitor.page.locator("#step-title")).to_be_focused()


async def account_delete(visitor: Visitor) -> None:
    await account(visitor)
    await visitor.page.get_by_role("button", name="Delete account").click()
    await expect(visitor.page.locator("#step-title")).to_be_focused()


async def verified(visitor: Visitor) -> None:
    person, server = newcomer(), _servers[visitor.base_url]
    person.join(server)
    await kept_messages.follow(
        visitor, await kept_messages.link_to(server, person.email, "Verify your email")
    )
    await visitor.page.get_by_role("button", name="Verify my email").click()
    await expect(visitor.page.locator("#go-on")).to_be_visible()


async def verified_none(visitor: Visitor) -> None:
    await visitor.open("/verify-email")
    await expect(visitor.page.locator("#send-form")).to_be_visible()


async def sign_in_code(visitor: Visitor) -> None:
    await security_on(visitor)
    person = Person(await visitor.page.locator(".who-email").text_content() or "", PASSWORD)
    await visitor.context.clear_cookies(name="autograph_session")
    await sign_in(visitor)
    await person.fill_in(visitor)
    await button_of(visitor).click()
    await expect(visitor.page.locator("#code")).to_be_focused()


async def server_overview(visitor: Visitor) -> None:
    await come_as_admin(visitor, _servers[visitor.base_url], newcomer())
    await visitor.open("/admin")
    await expect(visitor.page.locator("#adoption svg.recharts-surface").first).to_be_visible()


async def flags(visitor: Visitor) -> None:
    await operate(_servers[visitor.base_url], "flags", "set", "trusted_devices", "off", "--percent", "25")
    await come_as_admin(visitor, _servers[visitor.base_url], newcomer())
    await visitor.open("/admin/flags")
    await expect(visitor.page.locator("#flags")).to_be_visible()


async def flags_choose(visitor: Visitor) -> None:
    await flags(visitor)
    await visitor.page.get_by_role("button", name="Change Trusted browsers").click()
    await expect(visitor.page.locator("#step-title")).to_be_focused()


async def register_closed(visitor: Visitor) -> None:
    server = _servers[visitor.base_url]
    await operate(server, "flags", "set", "registration_open", "off")
    await register(visitor)
    await expect(visitor.page.locator("#closed")).to_be_visible()
    await operate(server, "flags", "reset", "registration_open")


async def letter(visitor: Visitor) -> None:
    link = "https://accounts.northwind.dev/password-reset/confirm#token=Zx5cVb6nMa1sDf2gHj3kLq4wEr7tYu8iOp9aSdFgHjK"
    asked = RequestContext("203.0.113.7", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "")
    text = MailMessage(
        to=MINA.email,
        subject="Reset your password",
        paragraphs=("We received a request to reset the password for your AutoGraph account.",),
        action=Action("Choose a new password", link),
        facts=circumstances(asked, datetime(2026, 3, 1, 12, tzinfo=UTC)),
        closing=("If you didn't request this, you can ignore this email. Your password won't change.",),
    )
    await visitor.page.goto("about:blank")
    await visitor.page.set_content(as_html(text))


async def not_found(visitor: Visitor) -> None:
    await visitor.load("/nothing-here")
    await visitor.connected()


async def trouble(visitor: Visitor) -> None:
    await visitor.load("/error")


async def _as_administrator(visitor: Visitor) -> None:
    person = newcomer()
    await come_as_admin(visitor, _servers[visitor.base_url], person)


async def administration_users(visitor: Visitor) -> None:
    await _as_administrator(visitor)
    await visitor.open("/admin/users")
    await expect(visitor.page.locator("#people")).to_be_visible()


async def administration_none(visitor: Visitor) -> None:
    await _as_administrator(visitor)
    await visitor.open("/admin/users?part=nobody")
    await expect(visitor.page.locator("#nothing")).to_be_visible()


async def administration_person(visitor: Visitor) -> None:
    await _as_administrator(visitor)
    await open_person(visitor, MINA.email)


async def administration_lock(visitor: Visitor) -> None:
    await administration_person(visitor)
    await visitor.page.get_by_role("button", name="Lock account").click()
    await expect(visitor.page.locator("#lock-form")).to_be_visible()


async def administration_new(visitor: Visitor) -> None:
    await _as_administrator(visitor)
    await visitor.open("/admin/users/new")
    await expect(visitor.page.locator("#create-form")).to_be_visible()


async def administration_audit(visitor: Visitor) -> None:
    await _as_administrator(visitor)
    await visitor.open("/admin/audit")
    await expect(visitor.page.locator("#events")).to_be_visible()


async def forbidden(visitor: Visitor) -> None:
    await newcomer().come_in(visitor)
    await visitor.load("/admin/users")


STATES: tuple[Callable[[Visitor], Awaitable[None]], ...] = (
    home,
    register,
    register_weak,
    register_strong,
    sign_in,
    sign_in_pending,
    sign_in_refused,
    sign_in_limited,
    sign_in_ended,
    forgotten,
    forgotten_sent,
    new_password,
    new_password_weak,
    new_password_used,
    not_me,
    offline,
    overview,
    overview_confirm,
    security,
    security_setup,
    security_codes,
    security_on,
    security_password,
    devices,
    devices_confirm,
    devices_only,
    activity,
    account,
    account_email,
    account_delete,
    verified,
    verified_none,
    sign_in_code,
    server_overview,
    flags,
    flags_choose,
    register_closed,
    letter,
    administration_users,
    administration_none,
    administration_person,
    administration_lock,
    administration_new,
    administration_audit,
    forbidden,
    not_found,
    trouble,
)


async def take_all(browser: Browser, server: LiveServer, folder: Path, names: tuple[str, ...]) -> None:
    """Save every state whose name begins with one of `names` on both devices in both colour schemes."""
    for reach in STATES:
        name = reach.__name__.replace("_", "-")
        if not name.startswith(names):
            continue
        for device in (DESKTOP, PHONE):
            for scheme in _SCHEMES:
                await take(
                    browser, server, reach, device, scheme, folder / f"{name}-{device.name}-{scheme}.png"
                )


async def take(
    browser: Browser,
    server: LiveServer,
    reach: Callable[[Visitor], Awaitable[None]],
    device: Device,
    scheme: Scheme,
    file: Path,
) -> None:
    """Save one screenshot."""
    browsers = Browsers(browser)
    visitor = await browsers.visitor(server, device, color_scheme=scheme, reduced_motion="reduce")
    # A page that has to wait for its font is drawn without it; the next one has it in the cache.
    await home(visitor)
    await visitor.page.evaluate("() => document.fonts.ready.then(() => true)")
    await reach(visitor)
    save(await visitor.page.screenshot(full_page=True, caret="hide"), file)
    await browsers.close()


def save(picture: bytes, file: Path) -> None:
    """Save with the most frequent colours only: flat drawings lose nothing, and need a third of the space."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    found = sorted(
        cast("list[tuple[int, Colour]]", image.getcolors(image.width * image.height)), reverse=True
    )
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for _, colour in found[:_COLOURS] for channel in colour])
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(file, optimize=True)


async def _look(server: LiveServer, folder: Path, names: tuple[str, ...]) -> None:
    async with running_browser() as browser:
        await take_all(browser, server, folder, names)


def main(folder: Path, *names: str) -> None:
    """Start the product, take the screenshots, stop it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, LiveServer(Path(data)) as server:
        MINA.join(server)
        give_days(server)
        _servers[server.base_url] = server
        asyncio.run(_look(server, folder, names or ("",)))
    sizes = [file.stat().st_size for file in folder.glob("*.png")]
    print(f"{len(sizes)} pictures, {sum(sizes) // 1024} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screens"), *sys.argv[2:])
