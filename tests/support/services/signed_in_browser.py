"""A browser with a session, without its pages."""

from dataclasses import dataclass
from uuid import UUID

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.sessions import BrowserSession
from tests.support.services.factories import EMAIL, context, prove


@dataclass
class Browser:
    """A signed-in browser."""

    services: Services
    cookie: str
    principal: SessionPrincipal

    @property
    def id(self) -> UUID:
        """The id of its session."""
        return self.principal.session_id

    async def is_out(self) -> bool:
        """Return True if its cookie is no longer accepted."""
        try:
            await self.services.sessions.authenticate_cookie(self.cookie)
        except SessionEnded:
            return True
        return False


async def come_in(services: Services, email: str = EMAIL, ip: str = "203.0.113.7") -> Browser:
    """Sign in with a browser."""
    opened: BrowserSession = await services.sessions.open_for_browser(
        context(ip), await prove(services, email, ip=ip)
    )
    principal = await services.sessions.authenticate_cookie(opened.cookie)
    return Browser(services, opened.cookie, principal)
