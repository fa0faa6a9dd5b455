"""A real browser in which every error fails the test: console, exceptions, content policy, requests."""

import re
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    Response,
    async_playwright,
    expect,
)

from tests.support.browser.chromium import program

Scheme = Literal["light", "dark"]

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_FOLLOWS_THE_SYSTEM = (
    "() => document.documentElement.classList.contains('js')"
    " && (localStorage.getItem('theme') ?? 'system') === 'system'"
)
# Leaving a page cancels the requests that are still loading.
_LEFT = "net::ERR_ABORTED"
# How Chromium reports that scripts are disabled.
_NO_SCRIPTS = r"^failed: \S+\.js csp$"
_WATCH_POLICY = """addEventListener("securitypolicyviolation", (event) => console.error(
  `policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`));"""
_SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary")]
  .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
  .filter((element) => !(element.tagName === "A" && getComputedStyle(element).display === "inline"))
  .map((element) => element.closest("label") ?? element)
  .filter((element) => { const { width, height } = element.getBoundingClientRect();
    return width < 24 || height < 24; })
  .map((element) => element.outerHTML.slice(0, 120))"""
# Frames are excluded: the only one shows an email, where no script may run. Preloading would only serve a
# rule that is disabled.
_AXE_RUN = """async (rules) => (await axe.run({ iframes: false, preload: false, resultTypes: ["violations"],
    ...(rules && { runOnly: rules }) })).violations
  .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
# The rules whose result can differ between light and dark: only colours differ.
_COLOUR_RULES = ["color-contrast", "link-in-text-block"]
_addresses = count(1)


@dataclass(frozen=True)
class Device:
    """The kind of device that shows the pages."""

    name: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])


DESKTOP = Device(
    "desktop",
    {
        "viewport": {"width": 1280, "height": 800},
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/141.0.0.0 Safari/537.36",
    },
)
PHONE = Device(
    "phone",
    {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "user_agent": "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/141.0.0.0 Mobile Safari/537.36",
    },
)


class Visitor:
    """One user in one tab of one browser profile; `secrets` collects what is typed into password fields."""

    def __init__(self, profile: "Profile", page: Page, base_url: str, secrets: set[str]) -> None:
        self.profile, self.page, self.base_url, self.secrets = profile, page, base_url, secrets

    @property
    def context(self) -> BrowserContext:
        """The browser profile, for changes that can be undone; for others see `own_context`."""
        return self.profile.context

    @property
    def complaints(self) -> "Complaints":
        """The errors that the profile reported."""
        return self.profile.complaints

    @property
    def own_page(self) -> Page:
        """The page, for changes that cannot be undone: a listener, a route, a script.

        The profile is discarded afterwards.
        """
        self.profile.reusable = False
        return self.page

    @property
    def own_context(self) -> BrowserContext:
        """The browser profile, for changes that cannot be undone; it is discarded afterwards."""
        self.profile.reusable = False
        return self.context

    def allow(self, *patterns: str) -> None:
        """Allow errors that this test provokes, by regular expression."""
        self.complaints.allowed.extend(patterns)

    async def tab(self) -> "Visitor":
        """Open another tab of the same browser profile."""
        return Visitor(self.profile, await self.context.new_page(), self.base_url, self.secrets)

    async def open(self, path: str) -> Response:
        """Load `path`, and wait until the page is connected."""
        response = await self.load(path)
        await self.connected()
        return response

    async def load(self, path: str) -> Response:
        """Load `path`, and wait for nothing but the document."""
        response = await self.page.goto(self.base_url + path)
        assert response is not None
        return response

    async def connected(self) -> None:
        """Wait until the page can send events."""
        await expect(self.page.locator("#signals")).to_have_attribute("data-ready", "true")

    async def at(self, path: str) -> None:
        """Wait until the address is `path`, with its query; a fragment may point at a message of a form."""
        await expect(self.page).to_have_url(re.compile(rf"^{re.escape(self.base_url + path)}(#said-\w+)?$"))

    @property
    def path(self) -> str:
        """The path and query of the current address."""
        parts = urlsplit(self.page.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    async def cookie(self, name: str) -> Any:
        """Return one cookie as the browser stores it, or None."""
        return next((cookie for cookie in await self.context.cookies() if cookie.get("name") == name), None)

    async def check(self, *schemes: Scheme) -> None:
        """Require that the page in its current state is accessible, in light and in dark, and fits its width.

        On a desktop, the page is also checked at the width of a phone, and then restored to its width.
        """
        asked: tuple[Scheme, ...] = schemes or ("light", "dark")
        await self._look(asked, "")
        size = self.page.viewport_size
        if size and size == DESKTOP.options["viewport"]:
            await self.page.set_viewport_size(PHONE.options["viewport"])
            await self._look(asked[::-1], ", as wide as a phone")
            await self.page.set_viewport_size(size)
        await self.page.emulate_media(color_scheme=None, reduced_motion=None)

    async def _look(self, schemes: tuple[Scheme, ...], how: str) -> None:
        """Check the whole page in the first scheme, and only the colour rules in the others."""
        for scheme in schemes:
            await self._paint(scheme)
            found = await self._axe(None if scheme == schemes[0] else _COLOUR_RULES)
            found += await self.page.evaluate(_SMALL_TARGETS)
            assert not found, f"{self.path} in {scheme}{how}:\n" + "\n".join(found)
        assert await self.overflow() <= 0, f"{self.path}{how} scrolls sideways"

    async def _paint(self, scheme: Scheme) -> None:
        await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if await self.page.evaluate(_FOLLOWS_THE_SYSTEM):
            # The page is repainted shortly after the media query changes.
            painted = re.compile(rf"(^|\s){scheme}(\s|$)")
            await expect(self.page.locator("html")).to_have_class(painted)

    @contextmanager
    def asked_for(self) -> Generator[list[str]]:
        """Collect the addresses that the page requests within the block."""
        asked: list[str] = []

        def note(request: Request) -> None:
            asked.append(request.url)

        self.page.on("request", note)
        yield asked
        self.page.remove_listener("request", note)

    async def overflow(self) -> int:
        """Return how many pixels the page is wider than the window."""
        return int(
            await self.page.evaluate(
                "() => document.scrollingElement.scrollWidth - document.body.clientWidth"
            )
        )

    async def _axe(self, rules: list[str] | None) -> list[str]:
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.evaluate(_axe_source())
        return await self.page.evaluate(_AXE_RUN, rules)


class Complaints:
    """The errors that a browser profile reported."""

    def __init__(self, context: BrowserContext) -> None:
        self.allowed: list[str] = []
        self._found: list[str] = []
        context.on("console", lambda said: self._add(said.type, said.text, said.type in ("error", "warning")))
        context.on("weberror", lambda fault: self._add("exception", str(fault.error)))
        context.on(
            "requestfailed",
            lambda request: self._add("failed", f"{request.url} {request.failure}", request.failure != _LEFT),
        )
        context.on("response", lambda answer: self._add(str(answer.status), answer.url, answer.status >= 400))

    def forget(self) -> None:
        """Discard what has been collected so far."""
        self.allowed.clear()
        self._found.clear()

    def left(self) -> Iterator[str]:
        """Yield the errors that were not allowed."""
        return (found for found in self._found if not any(re.search(one, found) for one in self.allowed))

    def _add(self, kind: str, text: str, wrong: bool = True) -> None:
        if wrong:
            self._found.append(f"{kind}: {text}")


class Profile:
    """A browser profile, and whether another test may reuse it after it has been cleared."""

    def __init__(self, context: BrowserContext, *, reusable: bool = False) -> None:
        self.context, self.complaints, self.reusable = context, Complaints(context), reusable


@asynccontextmanager
async def running_browser() -> AsyncGenerator[Browser]:
    """Run the browser of this machine in headless mode."""
    expect.set_options(timeout=10_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
        yield browser
        await browser.close()


async def new_profile(
    browser: Browser, device: Device = DESKTOP, *, javascript: bool = True, **options: Any
) -> Profile:
    """Open a profile that has never been used."""
    # Not the language of the account that runs the tests.
    chosen: dict[str, Any] = {"locale": "en-US"} | device.options | options
    context = await browser.new_context(**chosen, java_script_enabled=javascript)
    context.set_default_timeout(15_000)
    profile = Profile(context)
    if javascript:
        await context.add_init_script(_WATCH_POLICY)
    else:
        profile.complaints.allowed.append(_NO_SCRIPTS)
    return profile


def unique_address() -> str:
    """Return a client address that has not been used before (RFC 2544's range, which is never routed)."""
    number = next(_addresses)
    return f"198.18.{number // 250}.{number % 250 + 1}"


@cache
def _axe_source() -> str:
    spec = find_spec("axe_core_python")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("axe.min.js").read_text()
