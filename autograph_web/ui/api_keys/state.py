"""The state of the page of API keys.

No key ever enters a var: `reveal` is the ticket of an encrypted one-time secret that the page fetches itself
(see assets/reveal.js).
"""

from collections.abc import AsyncGenerator
from contextlib import suppress
from enum import StrEnum
from typing import Any, ClassVar

import reflex as rx

from autograph_web.api_keys.inputs import FORM_FIELDS, read_form
from autograph_web.api_keys.keys import MOST_KEYS
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError, InvalidInput, NotFound, Unavailable
from autograph_web.infra.flash import Flash
from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import messages
from autograph_web.ui.account_form import Action
from autograph_web.ui.api_keys.rows import KeyRow, key_row
from autograph_web.ui.form_state import text_fields
from autograph_web.ui.routes import API_KEYS, Route
from autograph_web.ui.step_up import StepUpPage

_CLOCK = SystemClock()
_LIST = "keys"
_READY = "Your API key is ready. We won't show it again."


class Step(StrEnum):
    """The steps of the page; the first is also a value of `?then=`."""

    CREATE = "create"
    SHOWN = "shown"
    REVOKE = "revoke"


class ApiKeysState(StepUpPage, rx.State):
    """The state of the page of API keys. Every handler that reads or changes anything authenticates again.

    `chosen` is the id of the key that was just created, or is about to be revoked.
    """

    _route: ClassVar[Route] = API_KEYS
    _outdated: ClassVar[tuple[type[DomainError], ...]] = (NotFound,)

    keys: rx.Field[list[KeyRow]] = rx.field(default_factory=list)
    full: bool = False
    origin: str = ""
    chosen: str = ""
    chosen_name: str = ""
    reveal: str = ""
    saved: bool = False

    @rx.event
    async def create(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Create a key."""
        if self.pending or self.step != Step.CREATE:
            return
        self._begin()
        yield
        await self._run(self._created(form))

    @rx.event
    async def tick_saved(self, ticked: Any) -> None:
        """Note that the user says the key is saved."""
        self.saved = ticked is True

    @rx.event
    async def done(self) -> AsyncGenerator[None, None]:
        """Close the step that shows the key."""
        if self.pending or self.step != Step.SHOWN or not self.saved:
            return
        self._begin()
        yield
        await self._run(self._finish(_READY, _LIST))

    @rx.event
    async def discard(self) -> AsyncGenerator[None, None]:
        """Revoke the key that could not be shown, since no user has seen it, and ask for another."""
        if self.pending or self.step != Step.SHOWN:
            return
        self._begin()
        yield
        await self._run(self._discarded)

    @rx.event
    async def ask_revoke(self, key: Any) -> AsyncGenerator[None, None]:
        """Ask for confirmation to revoke a key."""
        row = next((row for row in self.keys if row.key == key), None)
        if self.pending or self.step or row is None:
            return
        self._begin()
        yield
        await self._run(self._chosen_to_revoke(row))

    @rx.event
    async def revoke(self) -> AsyncGenerator[None, None]:
        """Revoke the key after confirmation."""
        if self.pending or self.step != Step.REVOKE:
            return
        self._begin()
        yield
        await self._run(self._revoked)

    async def _show_flash(self) -> Flash | None:
        flash = await super()._show_flash()
        if flash is not None and flash.code == "api_key_created":
            self._show_key(flash.values.get("key", ""), flash.values.get("ticket", ""))
        return flash

    def _created(self, form: Any) -> Action:
        async def created(context: RequestContext, principal: SessionPrincipal) -> None:
            intent = read_form(text_fields(form, *FORM_FIELDS))
            issued = await services().api_keys.create(context, principal, intent)
            ticket = ""  # without a ticket the page says that the key could not be shown
            with suppress(Unavailable):
                ticket = await services().one_time_secrets.put(principal.user_id, {"key": issued.text})
            self._show_key(issued.key.id, ticket)

        return created

    async def _discarded(self, context: RequestContext, principal: SessionPrincipal) -> None:
        with suppress(NotFound):  # already revoked
            await services().api_keys.revoke(context, principal, self.chosen)
        self._step_back()
        await self._fill(principal)
        await self._continue(Step.CREATE.value)(context, principal)

    def _chosen_to_revoke(self, row: KeyRow) -> Action:
        async def chosen_to_revoke(_context: RequestContext, _authorize: SessionPrincipal) -> None:
            self.chosen, self.chosen_name = row.key, row.name
            self._show(Step.REVOKE)

        return chosen_to_revoke

    async def _revoked(self, context: RequestContext, principal: SessionPrincipal) -> None:
        name = self.chosen_name
        await services().api_keys.revoke(context, principal, self.chosen)
        await self._finish(f"Revoked {name}.", _LIST)(context, principal)

    def _show_key(self, key_id: str, ticket: str) -> None:
        self.chosen, self.reveal, self.saved = key_id, ticket, False
        self._show(Step.SHOWN)

    async def _fill(self, principal: SessionPrincipal) -> None:
        account = await services().profiles.of(principal.user_id)
        found = await services().api_keys.of(principal.user_id)
        self.keys = [key_row(key, _CLOCK.now()) for key in found]
        self.full = sum(not row.over for row in self.keys) >= MOST_KEYS
        self.on = account.mfa_enabled
        self.origin = services().settings.base_url
        self._show_account(principal, account)

    def _parse_intent(self, intent: object) -> str | None:
        return Step.CREATE.value if intent == Step.CREATE else None

    async def _reauthenticate(self) -> None:
        self._require_reauth(Step.CREATE.value)

    def _card(self) -> str:
        return _LIST if self.step == Step.REVOKE else "new-key"

    def _may_cancel(self) -> bool:
        return self.step != Step.SHOWN  # the key is active, and shown only this once

    def _step_back(self) -> None:
        super()._step_back()
        self.chosen = self.chosen_name = self.reveal = ""
        self.saved = False

    def _sentence(self, error: DomainError) -> str:
        if isinstance(error, InvalidInput) and error.field == "scopes":
            return messages.PROMPTS["scopes"]
        return super()._sentence(error)
