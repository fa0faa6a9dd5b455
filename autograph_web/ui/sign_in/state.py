"""The state of the sign-in page."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import reflex as rx
from pydantic import SecretStr

from autograph_web.accounts.errors import SessionEnded
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.errors import ChallengeExpired, EmailNotVerified
from autograph_web.authn.flow.inputs import SecondStepInput, SignInInput
from autograph_web.infra.errors import DomainError
from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL
from autograph_web.runtime import services
from autograph_web.ui import guard
from autograph_web.ui.auth_form import AuthForm
from autograph_web.ui.closed_registration import ClosedRegistration
from autograph_web.ui.form_state import CodeForm

# The value of a ticked checkbox; others are not sent.
_TICKED = "on"


class SignInState(ClosedRegistration, CodeForm, AuthForm, rx.State):
    """Signs a user in with a password and, if two-step verification is on, a code.

    `asking_code` is whether the page is at its second step. That step works only with `_challenge`, which is
    never sent to the browser.
    """

    asking_code: bool = False
    may_trust: bool = True
    unverified: bool = False
    _challenge: str = ""
    _typed_email: str = ""

    @rx.event
    async def note_email(self, email: Any) -> None:
        """Remember the typed address for the page behind "Forgot password?"."""
        self._typed_email = email[:LONGEST_EMAIL] if isinstance(email, str) else ""

    @rx.event
    async def load(self) -> None:
        """Prepare the page when it is opened."""
        self._load_closed()
        await self._prepare_form()

    @rx.event
    async def submit(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Sign in with the typed email and password."""
        if self.pending or self.ticket or self.asking_code:
            return
        self._begin()
        yield
        values = self._required_fields(form, "email", "password")
        if values is not None:
            await self._attempt(self._start(values, remember=form.get("remember_me") == _TICKED))

    @rx.event
    async def verify(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Verify the typed code."""
        if self.pending or self.ticket or not self.asking_code:
            return
        self._begin()
        yield
        values = self._required_fields(form, "code")
        if values is not None:
            self._note_code_kind(values["code"])
            await self._attempt(self._verify(values["code"], trust=form.get("trust_device") == _TICKED))

    @rx.event
    async def start_over(self) -> None:
        """Go back to the first step and abandon the challenge."""
        if self.pending or self.ticket:
            return
        token = self._challenge
        self._reset_form()
        self.email = ""
        self._focus_on("email")
        if token:
            # If Redis cannot be reached, the challenge expires by itself within five minutes.
            with suppress(DomainError):
                await services().second_factor_step.abandon(token)

    async def _start(self, values: dict[str, str], *, remember: bool) -> None:
        given = SignInInput(
            email=values["email"], password=SecretStr(values["password"]), remember_me=remember
        )
        outcome = await services().sign_in.start(
            guard.request_context(self.router),
            given,
            guard.device_of(self.router),
            guard.trusted_of(self.router),
        )
        if isinstance(outcome, ChallengeRequired):
            self._ask_for_code(outcome)
        else:
            await self._issue_ticket(outcome)

    async def _verify(self, code: str, *, trust: bool) -> None:
        if not self._challenge:
            raise ChallengeExpired
        challenge = await services().second_factor_step.describe(self._challenge)
        given = SecondStepInput(
            email=challenge.email,
            code=SecretStr(code),
            mfa_token=SecretStr(challenge.token),
            trust_device=trust,
        )
        context, device = guard.request_context(self.router), guard.device_of(self.router)
        grant = await services().second_factor_step.verify(context, given, device)
        self._challenge = ""
        await self._issue_ticket(grant)

    async def _resume(self) -> None:
        token = guard.challenge_of(self.router)
        if token is None or self._challenge:
            return
        with suppress(DomainError):
            self._ask_for_code(await services().second_factor_step.describe(token))

    def _ask_for_code(self, challenge: ChallengeRequired) -> None:
        self._challenge, self.email = challenge.token, challenge.email
        self.asking_code, self.recovery, self.may_trust = True, False, challenge.may_trust
        self._focus_on("code")

    def _reset_form(self) -> None:
        super()._reset_form()
        self.asking_code = self.recovery = False
        self._challenge = ""

    def _clear(self) -> None:
        super()._clear()
        self.unverified = False

    def _show_error(self, error: DomainError) -> None:
        self.unverified = isinstance(error, EmailNotVerified)
        over = isinstance(error, (ChallengeExpired, SessionEnded))
        if over or (error.field == "code" and not self.asking_code):
            self._reset_form()
            error = ChallengeExpired()
        super()._show_error(error)
