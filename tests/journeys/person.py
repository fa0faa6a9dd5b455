"""The users of the journeys, and what they do at the forms."""

from dataclasses import dataclass

from playwright.async_api import expect

from tests.support.browser.visitor import Visitor, unique_address
from tests.support.servers.live_server import LiveServer, asks

WRONG = "gravel harbour thirteen violas"


@dataclass(frozen=True)
class Person:
    """An email and a password."""

    email: str
    password: str

    def join(self, server: LiveServer) -> None:
        """Create the account over REST."""
        data = {"email": self.email, "password": self.password}
        headers = {"X-Forwarded-For": unique_address()}
        server.secrets.add(self.password)
        assert asks.post(f"{server.base_url}/register", json=data, headers=headers).status_code == 201

    async def come_in(self, visitor: Visitor) -> None:
        """Create the account and sign in to it by the native form, without a page."""
        await self._post(visitor, "/session/register")

    async def come_back(self, visitor: Visitor) -> None:
        """Sign in by the native form, without a page."""
        await self._post(visitor, "/session/sign-in")

    async def fill_in(self, visitor: Visitor, password: str | None = None) -> None:
        """Type email and password."""
        await visitor.page.get_by_label("Email", exact=True).fill(self.email)
        await visitor.page.get_by_label("Password", exact=True).fill(password or self.password)
        visitor.secrets.add(password or self.password)

    async def register(self, visitor: Visitor) -> None:
        """Create the account on its page, and wait for the overview."""
        await visitor.open("/register")
        await self.fill_in(visitor)
        await visitor.page.get_by_role("button", name="Create account").click()
        await at_overview(visitor)

    async def sign_in(self, visitor: Visitor) -> None:
        """Sign in on the open page, and wait for the overview."""
        await self.fill_in(visitor)
        await visitor.page.get_by_role("button", name="Sign in").click()
        await at_overview(visitor)

    async def try_to_sign_in(self, visitor: Visitor, password: str = WRONG) -> None:
        """Sign in on the open page, with another password."""
        await self.fill_in(visitor, password)
        await visitor.page.get_by_role("button", name="Sign in").click()

    async def _post(self, visitor: Visitor, path: str) -> None:
        visitor.secrets.add(self.password)
        answer = await visitor.context.request.post(
            visitor.base_url + path,
            form={"email": self.email, "password": self.password},
            headers={"Origin": visitor.base_url},
            max_redirects=0,
        )
        assert answer.headers["location"] == "/dashboard"


async def at_overview(visitor: Visitor) -> None:
    """Wait until the overview shows the account."""
    await visitor.at("/dashboard")
    await expect(visitor.page.locator("#account")).to_be_visible()
