"""What every page of the administration shares: who may look at it, and go on doing so."""

from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import guard
from autograph_web.ui.account_page import AccountPage


class AdminPage(AccountPage, mixin=True):
    """Vars of a page that administrators see.

    Every handler begins with `_looking`, which asks the services for the session and the role anew: whoever
    is locked, signed out or made a user meanwhile is turned away by the very next event.
    """

    async def _looking(self) -> Viewer:
        """Return which administrator is looking.

        Raises:
            NotAuthenticated, SessionEnded, NotAdmin: Nobody who may (`TURNED_AWAY`).
            Unavailable: That cannot be told right now.
        """
        return await guard.administrator_of(self.router)
