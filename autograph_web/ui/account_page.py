"""What every page of an account shares: whose it is, and what happens when the session is over."""

import logging
from typing import ClassVar

import reflex as rx

from autograph_web.accounts.account import Account
from autograph_web.core.errors import DomainError, InternalError, NotAuthenticated, SessionEnded
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import guard, messages, viewer
from autograph_web.ui.routes import SIGN_IN, Route
from autograph_web.ui.snapshot import Private

_logger = logging.getLogger(__name__)

_RESENT = "A new link is on its way."
# Before another can be asked for (seconds), as the service has it.
_PATIENCE_S = 60


class AccountPage(Private, mixin=True):
    """Vars of a page that only its owner may see; every handler asks anew who is looking."""

    _here: ClassVar[Route]

    loaded: bool = False
    failed: bool = False
    leave: str = ""
    email: str = ""
    initials: str = ""
    verified: bool = True
    # Whether the banner asks to confirm the address, and what it says of the last link that was asked for.
    unverified: bool = False
    resent: str = ""
    resend_wait: int = 0
    resends: int = 0

    @rx.event
    async def resend(self) -> None:
        """Send the link that verifies the address once more."""
        try:
            looking = await guard.viewer_of(self.router)
            context = guard.request_context(self.router)
            self.unverified = await services().verification.resend(context, looking.user_id)
            self._say_resent(_RESENT, _PATIENCE_S)
        except (NotAuthenticated, SessionEnded):
            self._session_over(self._here)
        except DomainError as error:
            self._say_resent(messages.sentence(error), error.retry_after or 0)
        except Exception:
            _logger.exception("sending a link once more failed unexpectedly")
            self._say_resent(InternalError().detail, 0)

    def _say_resent(self, words: str, wait: int) -> None:
        self.resends += 1
        self.resent, self.resend_wait = words, wait

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
        self.unverified = not account.email_verified and services().verification.is_wanted(account.id)
        self.loaded, self.failed = True, False

    def _session_over(self, here: Route) -> None:
        self._go(f"{SIGN_IN.path}?ended=1&next={here.path}")

    def _go(self, path: str) -> None:
        """Forget everything private, then make the page leave with a full load."""
        self.reset()
        self.leave = path
