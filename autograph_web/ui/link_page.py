"""The base of the pages of one-time links: whether a link was opened here, and the scope of the vars."""

from typing import ClassVar

import reflex as rx

from autograph_web.accounts.errors import LinkRefused, LinkUnknown
from autograph_web.accounts.links import Purpose
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.errors import DomainError
from autograph_web.ui import guard
from autograph_web.ui.auth_form import AuthForm
from autograph_web.ui.snapshot import ScopedState


class LinkPage(AuthForm, ScopedState, mixin=True):
    """Vars of the page of a link; `opened` is whether a link that still works was opened in this browser.

    No var holds its token: each handler reads it from the cookie of its own connection.
    """

    opened: bool = True
    _purpose: ClassVar[Purpose]

    @rx.event
    async def load(self) -> None:
        """Prepare the page when it is opened."""
        await self._prepare_link()

    async def _prepare_link(self) -> None:
        self._reset_previous_page()
        await self._show_flash()
        token = guard.link_of(self.router, self._purpose)
        self.opened = token is not None
        if token is not None:
            self._scope = token_hash(token)
            await self._attempt(self._read_link(token))

    async def _read_link(self, token: str) -> None:
        """Read what the page shows of the link."""

    def _token(self) -> str:
        token = guard.link_of(self.router, self._purpose)
        if token is None:
            raise LinkUnknown
        return token

    async def _current_scope(self) -> str:
        return token_hash(guard.link_of(self.router, self._purpose) or "")

    def _reset_form(self) -> None:
        super()._reset_form()
        self.opened = True

    def _show_error(self, error: DomainError) -> None:
        if isinstance(error, LinkRefused):
            self.opened = False
        super()._show_error(error)
