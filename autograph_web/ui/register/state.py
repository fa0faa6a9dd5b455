"""The state of the registration page."""

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx
from pydantic import SecretStr

from autograph_web.accounts.errors import AccountReady
from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.authn.flow.errors import EmailNotVerified
from autograph_web.infra.errors import Unavailable
from autograph_web.runtime import services
from autograph_web.ui import guard
from autograph_web.ui.auth_form import AuthForm
from autograph_web.ui.closed_registration import ClosedRegistration
from autograph_web.ui.new_password import NewPassword
from autograph_web.ui.routes import VERIFY_EMAIL


class RegisterState(ClosedRegistration, NewPassword, AuthForm, rx.State):
    """Creates an account and signs its owner in."""

    @rx.event
    async def load(self) -> None:
        """Prepare the page when it is opened."""
        self._load_closed()
        self._load_password_rules()
        await self._prepare_form()

    @rx.event
    async def note_email(self, email: Any) -> None:
        """Remember the typed address: a password derived from it is weak."""
        self._set_owner_email(email)

    @rx.event
    async def submit(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Create the account."""
        if self.pending or self.ticket:
            return
        self._begin()
        yield
        values = self._required_fields(form, "email", "password")
        if values is not None:
            await self._attempt(self._start(values))

    async def _start(self, values: dict[str, str]) -> None:
        given = RegistrationInput(email=values["email"], password=SecretStr(values["password"]))
        context = guard.request_context(self.router)
        account = await services().registration.register(context, given)
        try:
            await self._issue_ticket(await services().sign_in.after_registration(context, account))
        except EmailNotVerified:
            self.leave = f"{VERIFY_EMAIL.path}?sent=1"
        except Unavailable:
            raise AccountReady(retry_after=1) from None
