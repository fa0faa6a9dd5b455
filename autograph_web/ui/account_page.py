"""What every page of an account shares: whose it is, and what happens when the session is over."""

from typing import ClassVar

import reflex as rx

from autograph_web.accounts.account import Account
from autograph_web.core.errors import DomainError, NotAuthenticated, SessionEnded
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import guard, viewer
from autograph_web.ui.routes import SIGN_IN, Route
from autograph_web.ui.snapshot import Private


class AccountPage(Private, mixin=True):
    """Vars of a page that only its owner may see; every handler asks anew who is looking."""

    _here: ClassVar[Route]

    loaded: bool = False
    failed: bool = False
    leave: str = ""
    email: str = ""
    initials: str = ""
    verified: bool = True

    @rx.event
    async def look_again(self) -> None:
        """Leave if the session is over; `ui/wake.py` has the pages of a session that ended do this."""
        if self.leave:
            return
        try:
            await guard.viewer_of(self.router)
        except (NotAuthenticated, SessionEnded):
            self._session_over(self._here)
        except DomainError:
            return  # the next event will tell

    def _show_owner(self, looking: Viewer, account: Account) -> None:
        self._owner = str(looking.session_id)
        self.email, self.initials = account.email, viewer.initials(account.email)
        self.verified = account.email_verified
        self.loaded, self.failed = True, False

    def _session_over(self, here: Route) -> None:
        self._go(f"{SIGN_IN.path}?ended=1&next={here.path}")

    def _go(self, path: str) -> None:
        """Forget everything private, then make the page leave with a full load."""
        self.reset()
        self.leave = path
