"""The base of pages whose changes require recent authentication."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, ClassVar

import reflex as rx
from pydantic import SecretStr

from autograph_web.authn.flow.inputs import ReauthenticationInput
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError
from autograph_web.runtime import services
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import guard
from autograph_web.ui.account_form import AccountForm, Action
from autograph_web.ui.form_state import CodeForm

CONFIRM = "confirm"
"""The step that asks for the password, and for a code if MFA is on."""

# Only to choose between a form and a button; the services check the authentication themselves.
_CLOCK = SystemClock()


class StepUpPage(CodeForm, AccountForm, mixin=True):
    """Vars of a page with steps, one of which re-authenticates the user.

    `step` is the current step (or empty), `intent` what it is for, and `on` whether the account has MFA. A
    re-authentication opens a new session, so the page loads again and continues with `?then=`.
    """

    # Errors that mean that another tab was faster.
    _outdated: ClassVar[tuple[type[DomainError], ...]] = ()

    on: bool = False
    step: str = ""
    intent: str = ""

    async def _after_first_load(self) -> None:
        """Show what a native form left behind, and begin what the URL asks for."""
        await super()._after_first_load()
        then = self.router.url.query_parameters.get("then")
        self._show_outcome(then)
        intent = self._parse_intent(then)
        if intent is not None:
            await self._run(self._continue(intent))

    @rx.event
    async def ask(self, intent: Any) -> AsyncGenerator[None, None]:
        """Begin the intent of a button."""
        parsed = self._parse_intent(intent)
        if self.pending or self.step or parsed is None:
            return
        self._begin()
        yield
        await self._run(self._continue(parsed, by_button=True))

    @rx.event
    async def confirm(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Check the password, and the code if MFA is on, before the intent continues."""
        if self.pending or self.ticket or self.step != CONFIRM:
            return
        self._begin()
        yield
        values = self._required_fields(form, "password", *(("code",) if self.on else ()))
        if values is not None:
            self._note_code_kind(values.get("code", ""))
            await self._run(self._confirmed(values))

    @rx.event
    async def cancel(self) -> AsyncGenerator[None, None]:
        """Cancel the current step."""
        if self.pending or self.ticket or not self._may_cancel():
            return
        self._begin()
        yield
        await self._run(self._finish("", self._card()))

    async def _run_authorized(self, action: Action) -> None:
        try:
            await super()._run_authorized(action)
        except ReauthenticationRequired:
            await self._reauthenticate()
        except self._outdated:
            # Another tab was faster: show the current status.
            self._step_back()
            with suppress(DomainError):
                await self._fill(await self._authorize())
            raise

    async def _reauthenticate(self) -> None:
        """Re-authenticate: the sign-in is no longer recent, or another tab has turned MFA on."""
        self._require_reauth(self.intent)

    def _confirmed(self, values: dict[str, str]) -> Action:
        async def confirmed(context: RequestContext, principal: SessionPrincipal) -> None:
            code = values.get("code")
            given = ReauthenticationInput(
                password=SecretStr(values["password"]), code=SecretStr(code) if code else None
            )
            device = guard.device_of(self.router)
            await self._issue_ticket(
                await services().reauthentication.confirm(context, principal, given, device)
            )
            self.next_path = self._address(then=self.intent)

        return confirmed

    def _is_fresh(self, principal: SessionPrincipal) -> bool:
        return principal.assurance.is_recent(self.on, _CLOCK)

    def _require_reauth(self, intent: str) -> None:
        self.intent, self.recovery = intent, False
        self._show(CONFIRM)

    def _show(self, step: str) -> None:
        self.step = step
        self._focus_on("step-title")

    def _finish(self, words: str, element: str) -> Action:
        """Return an action that shows the current account and the notice `words`."""

        async def finished(_context: RequestContext, principal: SessionPrincipal) -> None:
            self._step_back()
            await self._fill(principal)
            self.notice = words
            self._focus_on(element)

        return finished

    def _show_outcome(self, then: object) -> None:
        """Show the result that `?then=` names, if it is true."""

    def _parse_intent(self, intent: object) -> str | None:
        """Return the intent called `intent` if it is possible now."""
        raise NotImplementedError

    def _continue(self, intent: str, *, by_button: bool = False) -> Action:
        """Return the next step of `intent`; `by_button`: not after a re-authentication or by a link."""

        async def proceed(_context: RequestContext, principal: SessionPrincipal) -> None:
            self.intent = intent
            if self._is_fresh(principal):
                self._show(intent)
            else:
                self._require_reauth(intent)

        return proceed

    def _card(self) -> str:
        """Return the id of the element that the intent belongs to."""
        raise NotImplementedError

    def _may_cancel(self) -> bool:
        return True

    def _step_back(self) -> None:
        self.step = self.intent = ""
        self.recovery = False
