"""The state behind the account page."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from enum import StrEnum
from typing import Any, ClassVar

import reflex as rx

from autograph_web.infra.context import RequestContext
from autograph_web.runtime import services
from autograph_web.sessions.errors import Unfinished
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import view_models
from autograph_web.ui.account_form import Action
from autograph_web.ui.routes import ACCOUNT, Route
from autograph_web.ui.step_up import StepUpPage


class Intent(StrEnum):
    """What a user may do here; the value is also the value of `?then=` and the name of the step."""

    CHANGE_EMAIL = "change-email"
    DELETE = "delete"


class AccountState(StepUpPage, rx.State):
    """The state of the account page. Every handler that reads or changes anything authenticates again."""

    _route: ClassVar[Route] = ACCOUNT

    since_at: str = ""
    since_when: str = ""

    @rx.event
    async def delete(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Delete the account after its own address was typed."""
        if self.pending or self.step != Intent.DELETE:
            return
        self._begin()
        yield
        values = self._required_fields(form, "confirm_email")
        if values is not None:
            await self._run(self._deleted(values["confirm_email"]))

    @rx.event
    async def change_email(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Send a confirmation link to another address."""
        if self.pending or self.step != Intent.CHANGE_EMAIL:
            return
        self._begin()
        yield
        values = self._required_fields(form, "email")
        if values is not None:
            await self._run(self._requested_email_change(values["email"]))

    def _requested_email_change(self, typed: str) -> Action:
        async def requested(context: RequestContext, principal: SessionPrincipal) -> None:
            email = await services().email_change.request(context, principal, typed)
            words = f"We sent a link to {email}. Nothing changes until you open it."
            await self._finish(words, "email-card")(context, principal)

        return requested

    def _deleted(self, typed: str) -> Action:
        async def deleted(context: RequestContext, principal: SessionPrincipal) -> None:
            with suppress(Unfinished):  # deleted; only Redis has not been updated
                await services().deletion.delete(context, principal, typed)
            # A full load of this page: the server then clears the stale cookie and says why the session
            # ended.
            self._leave_for(self._route.path)

        return deleted

    async def _fill(self, principal: SessionPrincipal) -> None:
        account = await services().profiles.of(principal.user_id)
        self.on = account.mfa_enabled
        self.since_at, self.since_when = (
            view_models.iso(account.created_at),
            view_models.format_datetime(account.created_at),
        )
        self._show_account(principal, account)

    def _parse_intent(self, intent: object) -> str | None:
        return Intent(intent).value if isinstance(intent, str) and intent in set(Intent) else None

    def _card(self) -> str:
        return "email-card" if self.intent == Intent.CHANGE_EMAIL else "delete"
