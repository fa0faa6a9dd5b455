"""What precedes Reflex's own layers, and what only passes through them: checked on a whole server."""

import httpx
import pytest

from tests.support.servers.live_server import LiveServer

WISH = {"email": "nobody@northwind.dev", "password": "gravel harbour violins"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/me", "/login", "/refresh", "/nowhere", "/ui.css"])
async def test_an_answer_is_the_same_with_our_origin_and_with_none(
    live_server: LiveServer, method: str, path: str
) -> None:
    body = WISH if method == "POST" else None
    async with httpx.AsyncClient(base_url=live_server.base_url, verify=False) as client:
        plain = await client.request(method, path, json=body)
        client.cookies.clear()  # a page sets a cookie in a browser that has none
        named = await client.request(method, path, json=body, headers={"Origin": live_server.base_url})
    assert plain.status_code == named.status_code
    own, theirs = set(plain.headers), set(named.headers)
    assert {"content-security-policy", "x-request-id", "x-content-type-options"} <= own
    # CORS may extend what another origin can read; nothing else differs.
    cors = {f"access-control-{name}" for name in ("allow-origin", "allow-credentials", "expose-headers")}
    assert theirs - own <= {*cors, "vary"}
    assert own <= theirs
    assert plain.headers["content-security-policy"] == named.headers["content-security-policy"]


async def test_a_page_of_another_origin_is_told_nothing(live_server: LiveServer) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
        async with httpx.AsyncClient(base_url=live_server.base_url, verify=False) as client:
            answer = await client.request(method, "/me", headers=headers)
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["x-frame-options"] == "DENY"
