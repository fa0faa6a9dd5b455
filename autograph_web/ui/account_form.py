"""What the pages of an account with forms share: each change is made for a session that is asked for anew."""

from collections.abc import Awaitable, Callable

from autograph_web.infra.context import RequestContext
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import guard
from autograph_web.ui.account_page import TURNED_AWAY, AccountPage
from autograph_web.ui.form_state import FormState

Doing = Callable[[RequestContext, Viewer], Awaitable[None]]


class AccountForm(FormState, AccountPage, mixin=True):
    """Vars of a page of an account with forms."""

    async def _load(self) -> None:
        first, self.pending = not self.loaded, False
        await super()._load()
        if first:
            await self._opened()

    async def _opened(self) -> None:
        """Say what a form left behind, once the page is filled for the first time."""
        await self._show_flash()

    async def _act(self, doing: Doing) -> None:
        """Do something for whoever is looking, who is asked for anew, and show how it turned out."""
        await self._attempt(self._for_viewer(doing))
        self.pending = False

    async def _for_viewer(self, doing: Doing) -> None:
        try:
            looking = await self._looking()
            await doing(guard.request_context(self.router), looking)
        except TURNED_AWAY as error:
            self._turn_away(error)
