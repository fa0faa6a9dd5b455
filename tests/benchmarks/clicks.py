"""Somebody at a page who types the wrong password, and how long it takes until they are told."""

from playwright.async_api import Browser, expect

from tests.benchmarks.client import Wrong
from tests.support.browser import running_browser, unique_address

_MISMATCH = "That email and password don't match. Check both and try again."
# From the click to the first frame with the words in it; what is measured runs within the page alone.
_CLICK = """() => new Promise((done) => {
  const alert = document.getElementById("form-alert");
  new MutationObserver((_, watching) => {
    if (!alert.textContent) return;
    watching.disconnect();
    requestAnimationFrame(() => setTimeout(() => done([performance.now() - began, alert.textContent])));
  }).observe(alert, { childList: true, subtree: true, characterData: true });
  const began = performance.now();
  document.querySelector("[data-submit]").click();
})"""


async def wrong_passwords(base_url: str, times: int) -> list[float]:
    """Type a wrong password so often, each time as somebody else, and return the waits in seconds.

    Raises:
        Wrong: There is no browser, or the page says something else.
    """
    try:
        async with running_browser() as browser:
            return [await _wrong_password(browser, base_url, number) for number in range(times)]
    except AssertionError as error:
        raise Wrong(str(error)) from error


async def _wrong_password(browser: Browser, base_url: str, number: int) -> float:
    context = await browser.new_context(extra_http_headers={"X-Forwarded-For": unique_address()})
    page = await context.new_page()
    await page.goto(f"{base_url}/login")
    await expect(page.locator("#signals")).to_have_attribute("data-ready", "true")
    await page.get_by_label("Email").fill(f"somebody{number}@example.com")
    await page.get_by_label("Password", exact=True).fill("violet anchor meadow rain")
    milliseconds, words = await page.evaluate(_CLICK)
    await context.close()
    if words != _MISMATCH:
        raise Wrong(f"a wrong password was answered {words!r}")
    return float(milliseconds) / 1e3
