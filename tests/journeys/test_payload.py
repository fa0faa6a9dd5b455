"""The transfer size of the first page for a new visitor."""

from playwright.async_api import Request

from tests.benchmarks.page_budget import MOST_BYTES
from tests.journeys.conftest import Visit


async def test_the_sign_in_page_keeps_to_its_budget_over_the_wire(visit: Visit) -> None:
    visitor = await visit(fresh=True)
    requests: list[Request] = []
    # Playwright sets attributes on the callback, so it cannot be a method of a list.
    visitor.own_page.on("requestfinished", lambda request: requests.append(request))  # noqa: PLW0108
    await visitor.open("/login")
    await visitor.page.wait_for_load_state("networkidle")
    weights = {request.url: await _weight(request) for request in requests}
    assert any(url.endswith("/login") for url in weights)
    assert any(url.endswith(".js") for url in weights)
    assert not any(url.endswith(".css") for url in weights), "the style sheet stands in the page already"
    listed = "\n".join(f"{weight:>8,} {url}" for url, weight in weights.items())
    assert sum(weights.values()) <= MOST_BYTES, f"the sign-in page is too heavy:\n{listed}"


async def _weight(request: Request) -> int:
    """The bytes of the response as received, head and compressed body."""
    sizes = await request.sizes()
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]
