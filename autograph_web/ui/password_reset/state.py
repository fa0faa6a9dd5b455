"""The states behind the pages of a forgotten password."""

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
# Before another letter can be asked for (seconds): most arrive within it.
_PATIENCE = 60


class AskForLink(AuthForm, mixin=True):
    """Vars of a form that asks for a link; `sent` is whether it was asked for, not whether there is one."""

    sent: bool = False
    # Where letters are kept instead of sent, there is a page to read them at.
    letters_kept: bool = False

    @rx.event
    async def ask(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Send a link to the typed address, if it has an account."""
        if self.pending or self.ticket:
            return
        self._begin()
        yield
        values = self._typed(form, "email")
        if values is not None:
            await self._attempt(self._ask(values["email"]))

    async def _ask(self, email: str) -> None:
        await services().password_reset.request(guard.request_context(self.router), email)
        self.email = email
        self._say_sent()

    def _say_sent(self) -> None:
        self.sent, self.letters_kept = True, services().settings.shows_letters
        self.notice = messages.notice(_SENT)
        self.wait_seconds = _PATIENCE
        self.wait_text = messages.wait(_PATIENCE)
        self._move_to("sent")

    def _start_afresh(self) -> None:
        super()._start_afresh()
        self.sent = False


class ForgottenState(AskForLink, rx.State):
    """Sends the link."""

    @rx.event
    async def arrive(self) -> None:
        """Prepare the page when it is opened; the signed-in user may have forgotten the password too."""
        self._forget_other_page()
        if not self.email:
            signing_in = await self.get_state(SignInState)
            self.email = signing_in._typed_email  # pyright: ignore[reportPrivateUsage]  (private to browsers)
        flash = await self._show_flash()
        if flash is not None and flash.code == _SENT:
            self._say_sent()


class NewPasswordState(NewPassword, AskForLink, LinkPage, rx.State):
    """Takes the new password; `owner` is whose it will be."""

    _purpose: ClassVar[Purpose] = Purpose.PASSWORD_RESET
    owner: str = ""

    @rx.event
    async def choose(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Set the typed password."""
        if self.pending or self.ticket:
            return
        self._begin()
        yield
        values = self._typed(form, "password")
        if values is not None:
            await self._attempt(self._choose(values["password"]))

    async def _arrive_by_link(self) -> None:
        self._know_rules()
        await super()._arrive_by_link()

    async def _look(self, token: str) -> None:
        link = await services().links.peek(self._purpose, token)
        self.owner = link.payload or ""
        self._know_owner(self.owner)

    async def _choose(self, password: str) -> None:
        reset = await services().password_reset.confirm(
            guard.request_context(self.router), self._token(), password, guard.device_of(self.router)
        )
        said = await services().flash.put(password_is_set(reset))
        # Without Redis the next page merely says nothing.
        self.ticket = said or "-"

    def _start_afresh(self) -> None:
        super()._start_afresh()
        self.owner = ""

    def _refuse(self, error: DomainError) -> None:
        if isinstance(error, LinkRefused | PasswordIsSet):
            self.opened, self.owner = False, ""
        super()._refuse(error)
