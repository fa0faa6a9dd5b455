"""The state behind the registration page."""

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx
from pydantic import SecretStr

from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.core.errors import AccountReady, Unavailable
from autograph_web.runtime import services
from autograph_web.ui import guard
from autograph_web.ui.auth_form import AuthForm

# The meter looks at no more than this (characters); nobody may have a longer password.
_LONGEST_PASSWORD = 1024
_LONGEST_EMAIL = 320


class RegisterState(AuthForm, rx.State):
    """Creates an account and signs its owner in.

    `score` runs from 0 to 4, and is -1 while there is nothing to judge. `shortest` is the length a password
    must have, 0 until the page is connected: what the operator chose is not known when the pages are built.
    """

    shortest: int = 0
    score: int = -1
    strength: str = ""
    reasons: rx.Field[list[str]] = rx.field(default_factory=list)
    _typed_email: str = ""

    @rx.event
    async def arrive(self) -> None:
        """Prepare the page when it is opened."""
        self.shortest = services().settings.password_min_length
        await self._arrive()

    @rx.event
    async def note_email(self, email: Any) -> None:
        """Remember the typed address: a password made of it is a weak one."""
        self._typed_email = email[:_LONGEST_EMAIL] if isinstance(email, str) else ""

    @rx.event
    async def assess(self, password: Any) -> None:
        """Judge a password while it is typed; it is looked at and forgotten."""
        if not isinstance(password, str) or not password:
            self.score, self.strength, self.reasons = -1, "", []
            return
        found = await services().policy.assess(password[:_LONGEST_PASSWORD], self._typed_email)
        self.score, self.strength, self.reasons = found.score, found.label, list(found.reasons)
        if found.acceptable and self.bad == "password":
            # What was said about the last try is no longer so.
            self._clear()

    @rx.event
    async def submit(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Create the account."""
        if self.pending or self.ticket:
            return
        self._begin()
        yield
        values = self._typed(form, "email", "password")
        if values is not None:
            await self._attempt(self._start(values))

    async def _start(self, values: dict[str, str]) -> None:
        given = RegistrationInput(email=values["email"], password=SecretStr(values["password"]))
        context = guard.request_context(self.router)
        account = await services().registration.register(context, given)
        try:
            await self._hand_off(await services().sign_in.after_registration(context, account))
        except Unavailable:
            raise AccountReady(retry_after=1) from None
