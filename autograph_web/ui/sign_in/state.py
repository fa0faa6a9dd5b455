"""The state behind the sign-in page."""

import logging
from collections.abc import AsyncGenerator
from typing import Any

from pydantic import SecretStr, ValidationError

import reflex as rx
from autograph_web.core.errors import DomainError, InternalError, InvalidInput
from autograph_web.runtime import services
from autograph_web.sign_in.inputs import SignInInput
from autograph_web.ui import guard
from autograph_web.ui.auth_form import AuthForm

_log = logging.getLogger(__name__)


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
            # A checkbox arrives as "on" from FormData.
            await self._try(values, remember=form.get("remember_me") == "on")

    async def _try(self, values: dict[str, str], *, remember: bool) -> None:
        try:
            password = SecretStr(values["password"])
            given = SignInInput(email=values["email"], password=password, remember_me=remember)
            signed_in = await services().sign_in.start(
                guard.request_context(self.router), given, guard.device_of(self.router)
            )
            self.ticket = await services().handoff.issue(signed_in)
        except DomainError as error:
            self._refuse(error)
        except ValidationError:
            self._refuse(InvalidInput())
        except Exception:
            # Raised further, the page would wait for an answer that never comes.
            _log.exception("signing in failed unexpectedly")
            self._refuse(InternalError())
