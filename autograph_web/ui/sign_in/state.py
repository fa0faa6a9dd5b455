"""The state behind the sign-in page."""

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx
from pydantic import SecretStr

from autograph_web.runtime import services
from autograph_web.sessions.viewer import SignedIn
from autograph_web.sign_in.inputs import SignInInput
from autograph_web.ui import guard
from autograph_web.ui.auth_form import AuthForm


class SignInState(AuthForm, rx.State):
    """Signs a person in by password."""

    @rx.event
    async def arrive(self) -> None:
        """Prepare the page when it is opened."""
        await self._arrive()

    @rx.event
    async def submit(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Try the typed email and password."""
        if self.pending or self.ticket:
            return
        self._begin()
        yield
        values = self._fields(form)
        if values is not None:
            # A checkbox comes as "on", or not at all.
            await self._attempt(self._start(values, remember=form.get("remember_me") == "on"))

    async def _start(self, values: dict[str, str], *, remember: bool) -> SignedIn:
        given = SignInInput(
            email=values["email"], password=SecretStr(values["password"]), remember_me=remember
        )
        context = guard.request_context(self.router)
        return await services().sign_in.start(context, given, guard.device_of(self.router))
