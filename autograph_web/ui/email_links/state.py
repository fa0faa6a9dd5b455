"""The states of the pages of links that concern an email address.

None of them knows the token of its link: each handler reads it from the cookie of its own connection.
"""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar
from uuid import UUID

import reflex as rx

from autograph_web.accounts.errors import LinkRefused, SessionEnded
from autograph_web.accounts.links import Purpose
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.errors import DomainError
from autograph_web.runtime import services
from autograph_web.sessions.errors import NotAuthenticated
from autograph_web.ui import guard, messages
from autograph_web.ui.auth_form import AuthForm
from autograph_web.ui.link_page import LinkPage
from autograph_web.ui.snapshot import ScopedState

_SENT = "verification_sent"
_GOOD = {"email_verified": "verified", Purpose.EMAIL_VERIFICATION.done: "already"}


class VerifyEmailState(AuthForm, ScopedState, rx.State):
    """Shows which address a link verifies; a native form verifies it, and the page can send another link.

    `outcome` is empty at first, then "ready", "verified", "already", "sent", or the reason why not:
    "expired", "used", "replaced", "unknown" or, without a link, "none". `known` is whether a user is signed
    in, who need not type the address; `mine` whether the link belongs to the same account.
    """

    outcome: str = ""
    known: bool = False
    mine: bool = False

    @rx.event
    async def load(self) -> None:
        """Show what the link in the cookie would do, or what it did."""
        self._reset_previous_page()
        if self.outcome:
            return  # a reconnect
        self.known = await guard.is_signed_in(self.router)
        flash = await self._show_flash()
        code = flash.code if flash is not None else ""
        if code == _SENT or self.router.url.query_parameters.get("sent"):
            self._show_sent()
        elif code in _GOOD:
            self.outcome, self.notice = _GOOD[code], ""
        elif not code.startswith("link_"):
            await self._attempt(self._read_link())

    @rx.event
    async def send(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Send another link: to the signed-in user's address, else to the typed one."""
        if self.pending:
            return
        self._begin()
        yield
        try:
            principal = await guard.authenticate(self.router)
        except DomainError:
            values = self._required_fields(form, "email")
            if values is not None:
                await self._attempt(self._send_to(values["email"]))
        else:
            await self._attempt(self._resend(principal.user_id))

    async def _read_link(self) -> None:
        token = guard.link_of(self.router, Purpose.EMAIL_VERIFICATION)
        if token is None:
            self.outcome = "already" if await self._is_verified() else "none"
            return
        account = await services().verification.look(token)
        self.email, self._scope = account.email, token_hash(token)
        self.mine = await self._is_signed_in_to(account.id)
        self.outcome = "already" if account.email_verified else "ready"

    async def _is_signed_in_to(self, user_id: UUID) -> bool:
        try:
            return (await guard.authenticate(self.router)).user_id == user_id
        except (NotAuthenticated, SessionEnded):
            return False

    async def _is_verified(self) -> bool:
        """Return True if a user is signed in and that user's address is verified."""
        try:
            principal = await guard.authenticate(self.router)
            return (await services().profiles.of(principal.user_id)).email_verified
        except (NotAuthenticated, SessionEnded):
            return False

    async def _current_scope(self) -> str:
        return token_hash(guard.link_of(self.router, Purpose.EMAIL_VERIFICATION) or "")

    async def _send_to(self, email: str) -> None:
        await services().verification.request(guard.request_context(self.router), email)
        self.email = email
        self._show_sent()

    async def _resend(self, user_id: Any) -> None:
        if await services().verification.resend(guard.request_context(self.router), user_id):
            self._show_sent()
        else:
            self.outcome = "already"

    def _show_sent(self) -> None:
        self.outcome, self.notice = "sent", messages.notice(_SENT)
        self._set_wait(services().verification.pause)
        self._focus_on("outcome")

    def _show_error(self, error: DomainError) -> None:
        if isinstance(error, LinkRefused):
            self.outcome = error.code.removeprefix("link_")
        elif not self.outcome:
            self.outcome = "none"
        super()._show_error(error)


class AddressLinkPage(LinkPage, mixin=True):
    """Vars of a page that shows the effect of its link on `address`; a native form carries it out."""

    address: str = ""

    async def _read_link(self, token: str) -> None:
        self.address = (await services().links.peek(self._purpose, token)).payload or ""

    def _show_error(self, error: DomainError) -> None:
        if isinstance(error, LinkRefused):
            self.address = ""
        error.field = None  # this page has no such field
        super()._show_error(error)


class ChangeEmailState(AddressLinkPage, rx.State):
    """Shows the new address of the account."""

    _purpose: ClassVar[Purpose] = Purpose.EMAIL_CHANGE


class UndoEmailState(AddressLinkPage, rx.State):
    """Shows the previous address of the account."""

    _purpose: ClassVar[Purpose] = Purpose.EMAIL_CHANGE_UNDO
