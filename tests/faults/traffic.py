"""Calls over real connections: each from its own client address, with every response recorded."""

import asyncio
import re
import time
from itertools import count
from typing import Any

import httpx

from tests.faults.ledger import Answer, Ledger
from tests.journeys.forged_socket import forged
from tests.support.browser.visitor import unique_address
from tests.support.clients.http import bearer
from tests.support.clients.plain_http import PLAIN
from tests.support.servers.dependencies import Stack
from tests.support.services.factories import PASSWORD

_PATIENCE_S = 30.0
_LETTER_S = 3.0
_LINK = re.compile(r"/password-reset/confirm#token=([\w-]+)")
_numbers = count(1)


class Refused(Exception):
    """The server refused, or did not answer."""


class Traffic:
    """Any number of clients, none of which has been rate limited before."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.ledger = stack, Ledger()
        self.links: dict[str, str] = {}
        """The token of the newest password reset link, by the address it was sent to."""
        # One connection per call: any worker that is alive accepts it.
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(
            base_url=stack.server.base_url, timeout=_PATIENCE_S, limits=limits, verify=PLAIN
        )
        self._read_letters = len(stack.office.arrived)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request and record the response.

        Raises:
            Refused: The connection broke, or there was no response for half a minute.
        """
        headers = {"X-Forwarded-For": unique_address(), **more.pop("headers", {})}
        began = time.monotonic()
        try:
            response = await self._client.request(method, path, headers=headers, **more)
        except httpx.TransportError as error:
            self.ledger.cut_off[type(error).__name__] += 1
            raise Refused(type(error).__name__) from None
        took = time.monotonic() - began
        answer = Answer(f"{method} {path}", response.status_code, took, _flaw_of(response))
        self.ledger.answers.append(answer)
        return response

    async def done(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Send one request that should succeed and return the response.

        Raises:
            Refused: It did not succeed.
        """
        return result_of(await self.ask(method, path, **more))

    async def newcomer(self) -> dict[str, str]:
        """Register a new user and return their credentials.

        Raises:
            Refused: It did not succeed.
        """
        person = {"email": f"person{next(_numbers)}@northwind.dev", "password": PASSWORD}
        await self.done("POST", "/register", json=person)
        self.ledger.passwords[person["email"]] = PASSWORD
        self.ledger.acknowledge(person["email"], "registration_success")
        return person

    async def sign_in(self, person: dict[str, str]) -> dict[str, Any]:
        """Sign in a user without a second factor and return their tokens.

        Raises:
            Refused: It did not succeed.
        """
        pair = await self.done("POST", "/login", json=person)
        self.ledger.acknowledge(person["email"], "login_success")
        return pair

    async def link_for(self, email: str) -> str:
        """Request a password reset link and return its token as soon as the email has arrived.

        Raises:
            Refused: It was not sent, or did not arrive in a few seconds.
        """
        await self.done("POST", "/password-reset/request", json={"email": email})
        self.ledger.acknowledge(email, "password_reset_requested")
        deadline = time.monotonic() + _LETTER_S
        while email not in self.links:
            if time.monotonic() > deadline:
                raise Refused("no letter")
            await asyncio.sleep(0.05)
            self.read_letters()
        return self.links[email]

    def read_letters(self) -> None:
        """Read what has arrived since the last time."""
        new = self.stack.office.arrived[self._read_letters :]
        self._read_letters += len(new)
        for letter in new:
            body = letter.message.get_body(("plain",))
            found = _LINK.search(body.get_content()) if body else None
            if found:
                self.links[letter.recipients[0]] = found[1]

    async def look_at_a_page(self) -> None:
        """Load a page and connect it over the websocket.

        Raises:
            Refused: It failed.
        """
        response = await self.ask("GET", "/login", headers={"Accept": "text/html"})
        if not response.is_success:
            raise Refused(response.status_code)
        try:
            async with asyncio.timeout(_PATIENCE_S), forged(self.stack.server.base_url) as socket:
                await socket.hydrate("/login")
        except Exception as error:
            raise Refused(type(error).__name__) from error

    async def opens(self, pair: dict[str, Any]) -> bool:
        """Return True if an access token is accepted.

        Raises:
            Refused: The connection broke.
        """
        return (await self.ask("GET", "/me", headers=bearer(pair))).is_success

    async def ready(self) -> dict[str, bool]:
        """Return what the server reports about each dependency.

        Raises:
            Refused: The connection broke.
        """
        return dict((await self.ask("GET", "/health/ready")).json()["checks"])


def result_of(response: httpx.Response) -> dict[str, Any]:
    """Return the content of a response.

    Raises:
        Refused: It is a refusal.
    """
    if not response.is_success:
        raise Refused(code_of(response))
    return dict(response.json())


def code_of(response: httpx.Response) -> str:
    """Return the code of a problem, or nothing for any other response."""
    is_problem = response.headers.get("content-type", "") == "application/problem+json"
    return str(response.json()["code"]) if is_problem else ""


def _flaw_of(response: httpx.Response) -> str:
    """Return what is missing in a response that asks the client to come back later."""
    if response.status_code not in (429, 503):
        return ""
    if not response.headers.get("retry-after", "").isdigit():
        return "no Retry-After"
    return "" if "json" in response.headers.get("content-type", "") else "neither a problem nor a reason"
