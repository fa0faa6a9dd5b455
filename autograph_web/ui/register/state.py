"""The state behind the registration page."""

import logging
from collections.abc import AsyncGenerator
from typing import Any

from pydantic import SecretStr, ValidationError

import reflex as rx
from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.core.errors import DomainError, InternalError, InvalidInput
from autograph_web.runtime import services
from autograph_web.ui import guard
from autograph_web.ui.auth_form import AuthForm

_log = logging.getLogger(__name__)

# The longest password a person may have (characters); the meter looks at no more.
LONGEST_PASSWORD = 1024
_LONGEST_EMAIL = 320


class RegisterState(AuthForm, rx.State):
    """Creates an account and signs its owner in.

    `score` runs from 0 to 4, and is -1 while there is nothing to judge.
    """

    score: int = -1
    strength: str = ""
    reasons: list[str] = []
    _typed_email: str = ""

    @rx.event
    async def arrive(self) -> None:
        """Prepare the page when it is opened."""
        await self._arrive()

    @rx.event
    async def note_email(self, email: str) -> None:
        """Remember the typed address: a password made of it is a weak one."""
        self._typed_email = email[:_LONGEST_EMAIL] if isinstance(email, str) else ""

    @rx.event
    async def assess(self, password: str) -> None:
        """Judge a password while it is typed; it is looked at and forgotten."""
        if not isinstance(password, str) or not password:
            self.score, self.strength, self.reasons = -1, "", []
            return
        found = await services().policy.assess(password[:LONGEST_PASSWORD], self._typed_email)
        self.score, self.strength, self.reasons = found.score, found.label, list(found.reasons)

    @rx.event
    async def submit(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Create the account."""
        if self.pending or self.ticket:
            return
        self._begin()
        yield
        values = self._fields(form)
        if values is not None:
            await self._try(values)

    async def _try(self, values: dict[str, str]) -> None:
        context = guard.request_context(self.router)
        try:
            password = SecretStr(values["password"])
            given = RegistrationInput(email=values["email"], password=password)
            account = await services().registration.register(context, given)
            signed_in = await services().sign_in.after_registration(context, account)
            self.ticket = await services().handoff.issue(signed_in)
        except DomainError as error:
            self._refuse(error)
        except ValidationError:
            self._refuse(InvalidInput())
        except Exception:
            # Raised further, the page would wait for an answer that never comes.
            _log.exception("registering failed unexpectedly")
            self._refuse(InternalError())
