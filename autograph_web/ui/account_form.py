"""The base of account pages with forms: each change authenticates the session again."""

from collections.abc import Awaitable, Callable

from autograph_web.infra.context import RequestContext
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import guard
from autograph_web.ui.account_page import ACCESS_DENIED, AccountPage
from autograph_web.ui.form_state import FormState

Action = Callable[[RequestContext, SessionPrincipal], Awaitable[None]]


class AccountForm(FormState, AccountPage, mixin=True):
    """Vars of an account page with forms."""

    async def _load(self) -> None:
        first, self.pending = not self.loaded, False
        await super()._load()
        if first:
            await self._after_first_load()

    async def _after_first_load(self) -> None:
        """Show what a native form left behind, after the page was filled for the first time."""
        await self._show_flash()

    async def _run(self, action: Action) -> None:
        """Run `action` for the authenticated session and show its result."""
        await self._attempt(self._run_authorized(action))
        self.pending = False

    async def _run_authorized(self, action: Action) -> None:
        try:
            principal = await self._authorize()
            await action(guard.request_context(self.router), principal)
        except ACCESS_DENIED as error:
            self._deny_access(error)
