"""The states of the pages of a password reset."""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar

import reflex as rx

from autograph_web.accounts.errors import LinkRefused
from autograph_web.accounts.links import Purpose
from autograph_web.http.recovery_forms import password_is_set
from autograph_web.infra.errors import DomainError
from autograph_web.recovery.errors import PasswordIsSet
from autograph_web.runtime import services
from autograph_web.ui import guard, messages
from autograph_web.ui.auth_form import AuthForm
from autograph_web.ui.link_page import LinkPage
from autograph_web.ui.new_password import NewPassword
from autograph_web.ui.sign_in.state import SignInState

_SENT = "password_reset_sent"
# Before another email can be requested (seconds): most arrive within it.
_RESEND_WAIT_S = 60


class LinkRequestForm(AuthForm, mixin=True):
    """Vars of a form that requests a link; `sent` is whether one was requested, not whether there is one."""

    sent: bool = False
    # Whether emails are kept instead of sent; there is a page that shows them.
    dev_mailbox: bool = False

    @rx.event
    async def ask(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Send a link to the typed address, if it has an account."""
        if self.pending or self.ticket:
            return
        self._begin()
        yield
        values = self._required_fields(form, "email")
        if values is not None:
            await self._attempt(self._request_link(values["email"]))

    async def _request_link(self, email: str) -> None:
        await services().password_reset.request(guard.request_context(self.router), email)
        self.email = email
        self._show_sent()

    def _show_sent(self) -> None:
        self.sent, self.dev_mailbox = True, services().settings.shows_letters
        self.notice = messages.notice(_SENT)
        self._set_wait(_RESEND_WAIT_S)
        self._focus_on("sent")

    def _reset_form(self) -> None:
        super()._reset_form()
        self.sent = False


class ForgottenState(LinkRequestForm, rx.State):
    """Requests the link."""

    @rx.event
    async def load(self) -> None:
        """Prepare the page when it is opened; a signed-in user may have forgotten the password too."""
        self._reset_previous_page()
        if not self.email:
            signing_in = await self.get_state(SignInState)
            self.email = signing_in._typed_email  # pyright: ignore[reportPrivateUsage]  (private to browsers)
        flash = await self._show_flash()
        if flash is not None and flash.code == _SENT:
            self._show_sent()


class NewPasswordState(NewPassword, LinkRequestForm, LinkPage, rx.State):
    """Sets the new password; `owner` is the address of its account."""

    _purpose: ClassVar[Purpose] = Purpose.PASSWORD_RESET
    owner: str = ""

    @rx.event
    async def choose(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Set the typed password."""
        if self.pending or self.ticket:
            return
        self._begin()
        yield
        values = self._required_fields(form, "password")
        if values is not None:
            await self._attempt(self._choose(values["password"]))

    async def _prepare_link(self) -> None:
        self._load_password_rules()
        await super()._prepare_link()

    async def _read_link(self, token: str) -> None:
        link = await services().links.peek(self._purpose, token)
        self.owner = link.payload or ""
        self._set_owner_email(self.owner)

    async def _choose(self, password: str) -> None:
        reset = await services().password_reset.confirm(
            guard.request_context(self.router), self._token(), password, guard.device_of(self.router)
        )
        flash_token = await services().flash.put(password_is_set(reset))
        # Without Redis the next page just shows no message.
        self.ticket = flash_token or "-"

    def _reset_form(self) -> None:
        super()._reset_form()
        self.owner = ""

    def _show_error(self, error: DomainError) -> None:
        if isinstance(error, LinkRefused | PasswordIsSet):
            self.opened, self.owner = False, ""
        super()._show_error(error)
