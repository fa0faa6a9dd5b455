"""Browser profiles that consecutive tests share: everything a test leaves behind is cleared before the next.

A new profile costs a process that compiles every script again: three times the cost of a page itself.
"""

from typing import Any, Protocol

from playwright.async_api import Browser, Page
from playwright.async_api import Error as BrowserError

from tests.support.browser.visitor import DESKTOP, Device, Profile, Visitor, new_profile, unique_address

_MOST_IDLE = 3
"""Per device; a journey rarely needs more users."""

# A page without scripts, which every server has: whatever a page stores when it is left is stored by the time
# this one is shown. The tab waits here because its process ends with the last page of a site.
_PLAIN = "/health/live"
_CLEAR_STORAGE = '() => { localStorage.clear(); sessionStorage.clear(); window.name = ""; }'


class Server(Protocol):
    """The server to visit, and the secrets that must never appear in its log."""

    base_url: str
    secrets: set[str]


class ProfilePool:
    """Keeps the cleared profiles of one browser; the most recent one is reused first."""

    def __init__(self) -> None:
        self._idle: dict[str, list[tuple[Profile, Page]]] = {}

    def take(self, device: Device) -> tuple[Profile, Page] | None:
        """Return a cleared profile of a device and its page, or None."""
        idle = self._idle.get(device.name)
        return idle.pop() if idle else None

    async def put(self, device: Device, visitor: Visitor) -> None:
        """Clear a profile and keep it, or close it if that cannot be done."""
        idle = self._idle.setdefault(device.name, [])
        profile, page = visitor.profile, visitor.page
        if not profile.reusable or page.is_closed() or len(idle) >= _MOST_IDLE:
            await profile.context.close()
            return
        try:
            await _clear(visitor)
        except BrowserError:  # the server is gone, or the page does not close
            await profile.context.close()
        else:
            idle.append((profile, page))


class Browsers:
    """Opens profiles in one running browser; afterwards closes them, or clears them for reuse."""

    def __init__(self, browser: Browser, profile_pool: ProfilePool | None = None) -> None:
        self._browser, self._profile_pool = browser, profile_pool
        self._devices: list[Device] = []
        self.visitors: list[Visitor] = []

    async def visitor(
        self,
        server: Server,
        device: Device = DESKTOP,
        *,
        address: str = "",
        fresh: bool = False,
        **options: Any,
    ) -> Visitor:
        """Open a profile, with a client address of its own unless one is given.

        It is a cleared profile, unless a `fresh` one (with an empty cache) or other options are requested.
        """
        reusable = self._profile_pool is not None and not fresh and not options
        taken = self._profile_pool.take(device) if self._profile_pool is not None and reusable else None
        if taken is None:
            profile = await new_profile(self._browser, device, **options)
            taken = profile, await profile.context.new_page()
        profile, page = taken
        profile.reusable = reusable
        await profile.context.set_extra_http_headers({"X-Forwarded-For": address or unique_address()})
        visitor = Visitor(profile, page, server.base_url, server.secrets)
        self.visitors.append(visitor)
        self._devices.append(device)
        return visitor

    async def close(self, *, clean: bool = False) -> None:
        """Return every profile to the pool if the test passed (`clean`), otherwise close it."""
        for device, visitor in zip(self._devices, self.visitors, strict=True):
            if clean and self._profile_pool is not None:
                await self._profile_pool.put(device, visitor)
            else:
                await visitor.context.close()
        self.visitors.clear()
        self._devices.clear()


async def _clear(visitor: Visitor) -> None:
    """Remove every page, cookie, permission and stored value of the previous user, and the tab's history."""
    context, page = visitor.context, visitor.page
    for other in context.pages:
        if other is not page:
            await other.close()
    await context.set_offline(False)
    await page.goto(visitor.base_url + _PLAIN)
    await page.evaluate(_CLEAR_STORAGE)
    await context.clear_cookies()
    await context.clear_permissions()
    tools: Any = await context.new_cdp_session(page)
    await tools.send("Page.resetNavigationHistory")
    await tools.detach()
    visitor.complaints.forget()
