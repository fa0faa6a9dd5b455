"""A user with two-step verification: the authenticator, the recovery codes, and the steps they take."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import httpx
from playwright.async_api import Locator, WebSocket, expect

from tests.journeys.person import Person
from tests.support.browser.visitor import Visitor, unique_address
from tests.support.clients.authenticator import PERIOD_S, Authenticator
from tests.support.servers.live_server import LiveServer

SECURITY = "/settings/security"
WRONG_CODE = "That code didn't work. Codes change every 30 seconds, so enter the latest one."
WRONG_PAPER = "That recovery code didn't work. Each code works only once. Check it or use another."
TOOK_TOO_LONG = "That took too long. Sign in again."
TURNED_ON = "Two-step verification is on."

# A code is chosen so that it is still valid when it arrives, however busy the machine.
_SLOWEST_S = 12
_KEPT_BY_THE_BROWSER = "() => JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }])"


class Phone:
    """An authenticator app that never returns the same code twice, as each works once.

    A server accepts the codes of one period before and after its own, so two or three are valid at any
    moment.
    """

    def __init__(self, entry: Authenticator) -> None:
        self.entry = entry
        self._told = 0

    async def code(self) -> str:
        """Return a code that was not returned yet; wait until there is one."""
        now = time.time()
        step = max(self._told + 1, int(now + _SLOWEST_S) // PERIOD_S - 1)
        await asyncio.sleep(max(0.0, (step - 1) * PERIOD_S - now))
        self._told = step
        return self.entry.code(step * PERIOD_S)

    def wrong_code(self) -> str:
        """Return a code that does not belong to this authenticator."""
        return self.entry.wrong_code(time.time())


@dataclass
class Owner:
    """A user whose account requires a code; `paper` holds the unused recovery codes."""

    person: Person
    server: LiveServer
    phone: Phone
    paper: list[str]

    @classmethod
    async def of(cls, member: Person, server: LiveServer) -> Self:
        """Enable two-step verification over REST."""
        async with _client(server) as client:
            tokens = (await client.post("/login", json=_credentials(member))).json()
            client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
            setup = (await client.post("/mfa/setup")).json()
            phone = Phone(Authenticator.open(setup["provisioning_uri"]))
            enabled = await client.post("/mfa/enable", json={"code": await phone.code()})
        assert enabled.status_code == 200, enabled.text
        owner = cls(member, server, phone, enabled.json()["recovery_codes"])
        server.secrets |= {phone.entry.key, *owner.paper}
        return owner

    async def come_in(self, visitor: Visitor, *, trust: bool = False) -> None:
        """Sign in with both steps by the native forms, without a page, and `trust` the browser or not."""
        code = {"code": self.paper.pop(), **({"trust_device": "on"} if trust else {})}
        for path, fields, where in (
            ("/session/sign-in", _credentials(self.person), "/login"),
            ("/session/verify", code, "/dashboard"),
        ):
            answer = await post(visitor, path, fields)
            assert answer.headers["location"] == where

    async def show_password(self, visitor: Visitor) -> None:
        """Complete the first step on the open page, and wait for the second."""
        await self.person.fill_in(visitor)
        await visitor.page.get_by_role("button", name="Sign in").click()
        await expect(code_of(visitor)).to_be_focused()

    async def may_enter(self, code: str) -> bool:
        """Return True if the password and this code are accepted over REST."""
        async with _client(self.server) as client:
            asked = (await client.post("/login", json=_credentials(self.person))).json()
            shown = {"email": self.person.email, "code": code, "mfa_token": asked["mfa_token"]}
            return (await client.post("/mfa/verify", json=shown)).is_success


async def asks_for_code(person: Person, server: LiveServer) -> bool:
    """Return True if signing in over REST requires a code."""
    async with _client(server) as client:
        answer = await client.post("/login", json=_credentials(person))
    assert answer.status_code == 200, answer.text
    return "mfa_token" in answer.json()


async def post(visitor: Visitor, path: str, fields: dict[str, Any]) -> Any:
    """Send a native form from the browser of `visitor`, without its page."""
    return await visitor.context.request.post(
        visitor.base_url + path, form=fields, headers={"Origin": visitor.base_url}, max_redirects=0
    )


class Eavesdropper:
    """Records everything sent over the websockets of a page, and every address it requests."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._said: list[str] = []
        self._answered: list[str] = []
        self._asked_for: list[str] = []
        visitor.own_page.on("request", lambda request: self._asked_for.append(request.url))
        visitor.own_page.on("websocket", self._listen)

    async def check(self, *secrets: str) -> None:
        """Require that none of these was recorded, and that the browser stores none of them either."""
        self.check_answers(*secrets)
        kept = str(await self._visitor.page.evaluate(_KEPT_BY_THE_BROWSER))
        _demand_none(secrets, "\n".join([*self._said, *self._asked_for, kept]))

    def check_answers(self, *secrets: str) -> None:
        """Require that the server sent none of these."""
        heard = "\n".join(self._answered)
        assert '"answers' in heard
        _demand_none(secrets, heard)

    def _listen(self, socket: WebSocket) -> None:
        def into(heard: list[str]) -> Callable[[str | bytes], None]:
            return lambda frame: heard.append(frame if isinstance(frame, str) else frame.decode("latin-1"))

        socket.on("framesent", into(self._said))
        socket.on("framereceived", into(self._answered))


def code_of(visitor: Visitor) -> Locator:
    """The field for a code."""
    return visitor.page.locator("#code")


def codes_of(visitor: Visitor) -> Locator:
    """The recovery codes that are shown."""
    return visitor.page.get_by_role("list", name="Recovery codes").get_by_role("listitem")


async def type_code(visitor: Visitor, code: str) -> None:
    """Paste a code and send it with Enter."""
    await code_of(visitor).fill("")
    await visitor.page.keyboard.insert_text(code)
    await visitor.page.keyboard.press("Enter")


async def use_recovery_code(visitor: Visitor) -> None:
    """Switch to the field for a recovery code."""
    await visitor.page.get_by_role("button", name="Use a recovery code").click()
    await expect(visitor.page.get_by_label("Recovery code")).to_be_focused()


async def code_is_refused(visitor: Visitor, words: str) -> None:
    """Wait until the code is refused, and require that the next one can be typed."""
    described = re.compile(f"^{re.escape(words)}")
    await expect(code_of(visitor)).to_have_accessible_description(described)
    await expect(code_of(visitor)).to_have_attribute("aria-invalid", "true")
    await expect(code_of(visitor)).to_be_focused()


async def open_security(visitor: Visitor) -> None:
    """Open the security page and wait until it shows the account."""
    await visitor.open(SECURITY)
    await expect(visitor.page.locator("#two-step")).to_be_visible()


async def ask(visitor: Visitor, data: str) -> None:
    """Press the button that starts an action."""
    await visitor.page.locator(f'[data-ask="{data}"]').click()


async def at_step(visitor: Visitor, step: str) -> None:
    """Wait until the security page is at a step; the name is empty while it is at none."""
    await expect(visitor.page.locator("#security")).to_have_attribute("data-step", step)
    if step:
        await expect(visitor.page.locator("#step-title")).to_be_focused()


async def shown_key(visitor: Visitor) -> str:
    """Wait for the key of an enrolment and return it."""
    await at_step(visitor, "setup")
    await expect(visitor.page.locator("[data-reveal]")).to_have_attribute("data-revealed", "shown")
    key = (await visitor.page.locator("[data-slot=key]").inner_text()).replace(" ", "")
    visitor.secrets.add(key)
    return key


async def shown_codes(visitor: Visitor) -> list[str]:
    """Wait for the recovery codes and return them."""
    await at_step(visitor, "codes")
    await expect(codes_of(visitor)).to_have_count(10)
    codes = await codes_of(visitor).all_inner_texts()
    visitor.secrets.update(codes)
    return codes


async def put_codes_away(visitor: Visitor, notice: str) -> None:
    """Confirm that the codes are saved, and wait for the updated account."""
    done = visitor.page.get_by_role("button", name="Done")
    await expect(done).to_be_disabled()
    await visitor.page.get_by_label("I've saved these codes").check()
    await done.click()
    await at_step(visitor, "")
    await expect(visitor.page.locator("#form-notice")).to_have_text(notice)


def _client(server: LiveServer) -> httpx.AsyncClient:
    headers = {"X-Forwarded-For": unique_address()}
    return httpx.AsyncClient(base_url=server.base_url, headers=headers, verify=False)


def _credentials(person: Person) -> dict[str, Any]:
    return {"email": person.email, "password": person.password}


def _demand_none(secrets: tuple[str, ...], text: str) -> None:
    told = [secret for secret in secrets if secret in text]
    assert not told, f"these were told: {told}"
