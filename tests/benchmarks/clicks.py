"""A user at a page who types the wrong password, and how long it takes until the page says so."""

from playwright.async_api import Browser

from tests.benchmarks.client import Wrong
from tests.journeys.forms import MISMATCH, email_of, password_of
from tests.support.browser.visitor import Profile, Visitor, running_browser, unique_address

# From the click to the first frame with the message in it; what is measured runs within the page alone.
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
    """Type a wrong password this often, each time for another account, and return the waits in seconds.

    Raises:
        Wrong: There is no browser, or the page shows something else.
    """
    try:
        async with running_browser() as browser:
            return [await _wrong_password(browser, base_url, number) for number in range(times)]
    except AssertionError as error:
        raise Wrong(str(error)) from error


async def _wrong_password(browser: Browser, base_url: str, number: int) -> float:
    context = await browser.new_context(extra_http_headers={"X-Forwarded-For": unique_address()})
    visitor = Visitor(Profile(context), await context.new_page(), base_url, set())
    await visitor.open("/login")
    await email_of(visitor).fill(f"somebody{number}@example.com")
    await password_of(visitor).fill("violet anchor meadow rain")
    milliseconds, words = await visitor.page.evaluate(_CLICK)
    await context.close()
    if words != MISMATCH:
        raise Wrong(f"a wrong password was answered {words!r}")
    return float(milliseconds) / 1e3
