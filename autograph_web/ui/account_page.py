"""The base of all account pages: authorization, loading, and leaving when the session has ended."""

from collections.abc import Awaitable
from typing import ClassVar
from urllib.parse import quote, urlencode

import reflex as rx

from autograph_web.accounts.account import Account
from autograph_web.accounts.errors import SessionEnded
from autograph_web.admin.errors import NotAdmin
from autograph_web.admin.user_summary import Role
from autograph_web.authz.operations import page_operation
from autograph_web.infra.errors import DomainError
from autograph_web.runtime import services
from autograph_web.sessions.errors import NotAuthenticated
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import guard, messages, view_models
from autograph_web.ui.failures import Show, show_failure
from autograph_web.ui.routes import SIGN_IN, Route
from autograph_web.ui.snapshot import ScopedState

ACCESS_DENIED = (NotAuthenticated, SessionEnded, NotAdmin)
"""Errors after which a page navigates away: the session may not, or may no longer, have it."""

_RESENT = "Link sent. Check your inbox."


class AccountPage(ScopedState, mixin=True):
    """Vars of a page that only its owner may see; every handler authenticates again."""

    _route: ClassVar[Route]

    loaded: bool = False
    failed: bool = False
    leave: str = ""
    email: str = ""
    initials: str = ""
    verified: bool = True
    # Whether the banner asks to verify the address, and its message about the last link requested.
    unverified: bool = False
    # Whether the link to the administration is shown; those pages authorize themselves.
    administrator: bool = False
    resent: str = ""
    resend_wait: int = 0
    resend_clock: str = ""
    resends: int = 0

    @rx.event
    async def load(self) -> None:
        """Fill the page when it is opened, on "Try again", and after a reconnect."""
        await self._attempt_load(self._load())

    @rx.event
    async def resend(self) -> None:
        """Send the verification link again."""
        await self._show_failure(self._resend(), self._show_resend_error)

    async def _resend(self) -> None:
        principal = await self._authorize()
        context = guard.request_context(self.router)
        self.unverified = await services().verification.resend(context, principal.user_id)
        self._show_resent(_RESENT, services().verification.pause)

    def _show_resend_error(self, error: DomainError) -> None:
        self._show_resent(messages.sentence(error), error.retry_after or 0)

    def _show_resent(self, words: str, wait: int) -> None:
        self.resends += 1
        self.resent, self.resend_wait = words, wait
        self.resend_clock = messages.clock_wait(wait)

    @rx.event
    async def recheck_session(self) -> None:
        """Leave if the session has ended; `ui/session_rooms.py` calls this on pages of an ended session."""
        if self.leave:
            return
        try:
            await self._authorize()
        except ACCESS_DENIED as error:
            self._deny_access(error)
        except DomainError:
            return  # unknown for now; the next event checks again

    async def _load(self) -> None:
        await self._fill(await self._authorize())

    async def _fill(self, principal: SessionPrincipal) -> None:
        """Read the account of `principal` into the vars."""
        raise NotImplementedError

    async def _attempt_load(self, loading: Awaitable[None]) -> None:
        """Run `loading`, which reads what the page shows."""
        await self._show_failure(loading, self._load_failed)

    def _load_failed(self, _error: DomainError) -> None:
        # A page that is already filled stays visible.
        self.failed = not self.loaded

    async def _show_failure(self, trying: Awaitable[None], show: Show) -> None:
        """Run `trying`; leave if access is denied, and pass any other failure to `show`."""

        def leave_or_show(error: DomainError) -> None:
            if isinstance(error, ACCESS_DENIED):
                self._deny_access(error)
            else:
                show(error)

        await show_failure(trying, leave_or_show)

    def _show_account(self, principal: SessionPrincipal, account: Account) -> None:
        self._scope = str(principal.session_id)
        self.email, self.initials = account.email, view_models.initials(account.email)
        self.verified = account.email_verified
        self.unverified = not account.email_verified and services().verification.is_wanted(account.id)
        self.administrator = account.role == Role.ADMIN
        self.loaded, self.failed = True, False

    async def _authorize(self) -> SessionPrincipal:
        """Return the authenticated principal, provided it may have this page.

        Every handler calls this first, so that a locked account, an ended session or a revoked role takes
        effect at the next event.

        Raises:
            NotAuthenticated, SessionEnded, NotAdmin: Access is denied (`ACCESS_DENIED`).
            Unavailable: A store that is needed for the answer cannot be reached.
        """
        principal = await guard.authenticate(self.router)
        operation = page_operation(self._route.path)
        await operation.require(principal, services().admin_policy.require, services().clock)
        return principal

    def _deny_access(self, error: DomainError) -> None:
        """Leave for the sign-in page; or reload, so that the server sends the page for non-administrators."""
        address = self._address()
        to_sign_in = f"{SIGN_IN.path}?ended=1&next={quote(address)}"
        self._leave_for(address if isinstance(error, NotAdmin) else to_sign_in)

    def _address(self, **query: str) -> str:
        """Return the URL of this page, with `query` in it."""
        return f"{self._route.path}?{urlencode(query)}" if query else self._route.path

    def _leave_for(self, path: str) -> None:
        """Reset all vars, then make the page navigate to `path` with a full load."""
        self.reset()
        self.leave = path
