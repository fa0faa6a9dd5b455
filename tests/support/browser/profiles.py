"""Browser profiles for one test after the other: what one of them leaves behind is cleared before the next.

A new profile costs a process in which every script is compiled anew: three times what a page itself costs.
"""

from typing import Any, Protocol

from playwright.async_api import Browser, Page
from playwright.async_api import Error as BrowserError

from tests.support.browser.visitor import DESKTOP, Device, Profile, Visitor, new_profile, unique_address

_MOST_IDLE = 3
"""Of each device; a journey rarely has more people."""

# A page without scripts, which every server has: what a page stores as it is left is stored by then. The tab
# waits there, as its process ends with the last page of a site.
_PLAIN = "/health/live"
_CLEAR_STORAGE = '() => { localStorage.clear(); sessionStorage.clear(); window.name = ""; }'


class Server(Protocol):
    """Where to go, and what its log may never hold."""

    base_url: str
    secrets: set[str]


class ProfilePool:
    """Keeps the profiles of one browser that are cleared; the last one is taken first."""

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
        except BrowserError:  # the server is gone, or the page does not let go
            await profile.context.close()
        else:
            idle.append((profile, page))


class Browsers:
    """Opens browser profiles in one running browser; closes them, or clears them for others."""

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
        """Open a profile, with an address of its own unless one is given.

        It is one that was cleared, unless it is to be `fresh` (with nothing cached) or has other options.
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
        """Put every profile back if all went well (`clean`), or close it."""
        for device, visitor in zip(self._devices, self.visitors, strict=True):
            if clean and self._profile_pool is not None:
                await self._profile_pool.put(device, visitor)
            else:
                await visitor.context.close()
        self.visitors.clear()
        self._devices.clear()


async def _clear(visitor: Visitor) -> None:
    """Leave no page, cookie, permission or storage of somebody, nor where the tab has been."""
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
