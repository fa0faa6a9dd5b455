"""Reading responses, and the calls with which many tests begin."""

import re
from http.cookies import Morsel, SimpleCookie
from typing import Any

from httpx import AsyncClient, Response

from autograph_web.container import Services
from tests.support.services.factories import EMAIL, PASSWORD

CREDENTIALS = {"email": EMAIL, "password": PASSWORD}


def assert_problem(response: Response, status: int, code: str) -> dict[str, Any]:
    """Check an error against RFC 9457 and our contract, and return its members without the request's id."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == "about:blank"
    assert len(body["detail"]) > 8
    assert body.pop("instance") == f"urn:uuid:{response.headers['x-request-id']}"
    assert ("retry-after" in response.headers) == (status in (429, 503))
    assert ("www-authenticate" in response.headers) == (status == 401)
    return body


def but_its_id(refusal: Response) -> bytes:
    """Return an error as it was sent, without the id of its request."""
    return re.sub(rb',\s*"instance":\s*"[^"]*"', b"", refusal.content)


async def sign_up(client: AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> dict[str, Any]:
    """Create an account over REST."""
    response = await client.post("/register", json={"email": email, "password": password})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def sign_in(client: AsyncClient, email: str = EMAIL, **more: Any) -> dict[str, Any]:
    """Sign in over REST."""
    response = await client.post("/login", json={"email": email, "password": PASSWORD, **more})
    assert response.status_code == 200, response.text
    return dict(response.json())


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    """Return the header that presents the access token of a pair."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def cookies_set(response: Response) -> dict[str, Morsel[str]]:
    """Return the cookies that a response sets, with their attributes."""
    found: dict[str, Morsel[str]] = {}
    for header in response.headers.get_list("set-cookie"):
        found.update(SimpleCookie(header))
    return found


async def come_in(browser: AsyncClient, email: str = EMAIL) -> None:
    """Sign in with the native form of a page."""
    answer = await browser.post("/session/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.headers["location"] == "/dashboard", answer.text
    assert "autograph_session" in cookies_set(answer)


async def open_link(browser: AsyncClient, purpose: str, token: str) -> Response:
    """Follow the link of an email."""
    return await browser.post("/link/exchange", data={"purpose": purpose, "token": token})


async def code_left(services: Services, response: Response) -> str:
    """Return the code of the message that the page a response redirects to will show."""
    flash = await services.flash.pop(cookies_set(response)["autograph_flash"].value)
    assert flash is not None
    return flash.code


async def post_json(client: AsyncClient, body: bytes, path: str = "/login", **headers: str) -> Response:
    """Send bytes declared as JSON."""
    return await client.post(path, content=body, headers={"Content-Type": "application/json"} | headers)
