"""People who register, sign in, refresh, reset and so on without a pause, whatever happens to the server."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

import httpx

from tests.faults.ledger import Answer, Ledger
from tests.journeys.forged_socket import forged
from tests.support.authenticator import PERIOD_S, Authenticator
from tests.support.factories import PASSWORD
from tests.support.http import bearer
from tests.support.parts import Stack
from tests.support.recovery import NEW_PASSWORD

_PATIENCE_S = 30.0
_LINK = re.compile(r"/password-reset/confirm#token=([\w-]+)")
_numbers = count(1)


class Refused(Exception):
    """The server said no, or nothing."""


class Traffic:
    """Clients without number, each with an address of its own."""

    def __init__(self, stack: Stack, ledger: Ledger) -> None:
        self.stack, self.ledger = stack, ledger
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(base_url=stack.server.base_url, timeout=_PATIENCE_S, limits=limits)

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request and note how it was answered.

        Raises:
            Refused: The connection broke, or nothing came for half a minute.
        """
        headers = address() | more.pop("headers", {})
        began = time.monotonic()
        try:
            response = await self._client.request(method, path, headers=headers, **more)
        except httpx.TransportError as error:
            self.ledger.cut_off[type(error).__name__] += 1
            raise Refused(type(error).__name__) from None
        took = time.monotonic() - began
        self.ledger.answers.append(Answer(f"{method} {path}", response.status_code, took, flaw_of(response)))
        return response

    async def done(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Send one request that should work and return what came.

        Raises:
            Refused: It did not.
        """
        response = await self.ask(method, path, **more)
        if not response.is_success:
            raise Refused(response.status_code)
        return dict(response.json())

    async def one_life(self) -> None:
        """Live through everything that an account can, from the beginning to signing out for good.

        Raises:
            Refused: Something did not work; what was acknowledged until then is in the ledger.
        """
        email, ledger = f"person{next(_numbers)}@northwind.dev", self.ledger
        person = {"email": email, "password": PASSWORD}
        await self.done("POST", "/register", json=person)
        ledger.registered.add(email)
        ledger.acknowledge(email, "registration_success")
        first = await self._sign_in(person)
        await self.done("GET", "/me", headers=bearer(first))
        second = await self.done("POST", "/refresh", json={"refresh_token": first["refresh_token"]})
        ledger.acknowledge(email, "token_refreshed")
        await self._two_steps(person, second)
        await self._reset(person)
        await self._sign_out_everywhere({"email": email, "password": NEW_PASSWORD})

    async def _sign_in(self, person: dict[str, str]) -> dict[str, Any]:
        pair = await self.done("POST", "/login", json=person)
        self.ledger.acknowledge(person["email"], "login_success")
        return pair

    async def _two_steps(self, person: dict[str, str], pair: dict[str, Any]) -> None:
        email, ledger = person["email"], self.ledger
        setup = await self.done("POST", "/mfa/setup", headers=bearer(pair))
        phone = Authenticator.open(setup["provisioning_uri"])
        ledger.factors.pop(email, None)  # until the answer is there nobody knows
        now = time.time()
        await self.done(
            "POST", "/mfa/enable", json={"code": phone.code(now - PERIOD_S / 2)}, headers=bearer(pair)
        )
        ledger.factors[email] = True
        ledger.acknowledge(email, "mfa_enabled")
        await self.done("POST", "/logout", headers=bearer(pair))
        ledger.acknowledge(email, "logout")
        ledger.bury(pair)
        challenge = await self.done("POST", "/login", json=person)
        ledger.acknowledge(email, "login_mfa_required")
        step = {"email": email, "mfa_token": challenge["mfa_token"], "code": phone.code(now + PERIOD_S / 2)}
        pair = await self.done("POST", "/mfa/verify", json=step)
        ledger.acknowledge(email, "mfa_verify_success")
        del ledger.factors[email]
        await self.done("POST", "/mfa/disable", headers=bearer(pair))
        ledger.factors[email] = False
        ledger.acknowledge(email, "mfa_disabled")

    async def _reset(self, person: dict[str, str]) -> None:
        email, ledger = person["email"], self.ledger
        pair = await self._sign_in(person)
        await self.done("POST", "/password-reset/request", json={"email": email})
        ledger.acknowledge(email, "password_reset_requested")
        token = await self._token_in_letter(email)
        await self.done(
            "POST", "/password-reset/confirm", json={"token": token, "new_password": NEW_PASSWORD}
        )
        ledger.acknowledge(email, "password_reset_completed")
        ledger.bury(pair)

    async def _sign_out_everywhere(self, person: dict[str, str]) -> None:
        pairs = [await self._sign_in(person) for _ in range(2)]
        await self.done("POST", "/logout-all", headers=bearer(pairs[0]))
        self.ledger.acknowledge(person["email"], "logout_all")
        self.ledger.bury(*pairs)

    async def _token_in_letter(self, email: str) -> str:
        for _ in range(100):
            for letter in self.stack.office.arrived:
                found = _LINK.search(letter.message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
                if letter.recipients == [email] and found:
                    return found[1]
            await asyncio.sleep(0.05)
        raise Refused("no letter")

    async def look_at_a_page(self) -> None:
        """Load a page and have it brought to life over the websocket.

        Raises:
            Refused: It was not.
        """
        response = await self.ask("GET", "/login", headers={"Accept": "text/html"})
        if not response.is_success:
            raise Refused(response.status_code)
        try:
            async with forged(self.stack.server.base_url) as socket:
                await socket.hydrate("/login")
        except Exception as error:
            raise Refused(type(error).__name__) from error
        self.ledger.pages += 1

    async def try_what_is_dead(self) -> None:
        """Use what was revoked, newest first; whatever it opens goes into the ledger.

        Raises:
            Refused: The connection broke.
        """
        for token in self.ledger.dead_access[-8:]:
            response = await self.ask("GET", "/me", headers={"Authorization": f"Bearer {token}"})
            if response.is_success:
                self.ledger.revived.append("an access token")
        for token in self.ledger.dead_refresh[-2:]:
            response = await self.ask("POST", "/refresh", json={"refresh_token": token})
            if response.is_success:
                self.ledger.revived.append("a refresh token")

    async def ready(self) -> dict[str, bool]:
        """Return what the server says of each part; nothing if it says nothing.

        Raises:
            Refused: The connection broke.
        """
        return dict((await self.ask("GET", "/health/ready")).json().get("checks", {}))


def address() -> dict[str, str]:
    """Return the header that makes a request one of a client of its own, whom no limit has met."""
    number = next(_numbers)
    return {"X-Forwarded-For": f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"}


def flaw_of(response: httpx.Response) -> str:
    """Return what is missing in an answer that says to come back later."""
    if response.status_code not in (429, 503):
        return ""
    if "retry-after" not in response.headers:
        return "no Retry-After"
    return "" if "json" in response.headers.get("content-type", "") else "neither a problem nor a reason"


@asynccontextmanager
async def flowing(traffic: Traffic, people: int = 6) -> AsyncGenerator[None]:
    """Have people about their business within the block, and somebody who tries what is dead."""
    ending = asyncio.Event()

    async def again_and_again(doing: Any) -> None:
        while not ending.is_set():
            with suppress(Refused):
                await doing()
            await asyncio.sleep(0.05)

    kinds: list[Coroutine[Any, Any, None]] = [
        *(again_and_again(traffic.one_life) for _ in range(people)),
        again_and_again(traffic.try_what_is_dead),
        again_and_again(traffic.look_at_a_page),
    ]
    async with asyncio.TaskGroup() as group:
        for kind in kinds:
            group.create_task(kind)
        try:
            yield
        finally:
            ending.set()
