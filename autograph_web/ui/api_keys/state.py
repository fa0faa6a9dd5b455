"""The state behind the page of API keys.

No key ever enters a var: `reveal` is the ticket of a sealed note that the page fetches itself, once (see
assets/reveal.js).
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
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import messages
from autograph_web.ui.account_form import Doing
from autograph_web.ui.api_keys.rows import KeyRow, key_row
from autograph_web.ui.confirming import Confirming
from autograph_web.ui.form_state import text_fields
from autograph_web.ui.routes import API_KEYS, Route

_CLOCK = SystemClock()
_LIST = "keys"
_READY = "Your API key is ready. We won't show it again."


class Step(StrEnum):
    """What the page asks for or shows; the first is also what `?then=` in the address may say."""

    CREATE = "create"
    SHOWN = "shown"
    REVOKE = "revoke"


class ApiKeysState(Confirming, rx.State):
    """What the page of API keys shows. Handlers that read or change anything ask anew who is looking.

    `chosen` is the id of the key that was just made, or is about to be revoked.
    """

    _here: ClassVar[Route] = API_KEYS
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
        """Make a key."""
        if self.pending or self.step != Step.CREATE:
            return
        self._begin()
        yield
        await self._act(self._created(form))

    @rx.event
    async def tick_saved(self, ticked: Any) -> None:
        """Take the person's word that the key is saved."""
        self.saved = ticked is True

    @rx.event
    async def done(self) -> AsyncGenerator[None, None]:
        """Put the key away."""
        if self.pending or self.step != Step.SHOWN or not self.saved:
            return
        self._begin()
        yield
        await self._act(self._finished(_READY, _LIST))

    @rx.event
    async def discard(self) -> AsyncGenerator[None, None]:
        """Revoke the key that could not be shown: nobody has seen it. Then ask for another."""
        if self.pending or self.step != Step.SHOWN:
            return
        self._begin()
        yield
        await self._act(self._discarded)

    @rx.event
    async def ask_revoke(self, key: Any) -> AsyncGenerator[None, None]:
        """Ask whether one of the keys is to be revoked."""
        row = next((row for row in self.keys if row.key == key), None)
        if self.pending or self.step or row is None:
            return
        self._begin()
        yield
        await self._act(self._asked_to_revoke(row))

    @rx.event
    async def revoke(self) -> AsyncGenerator[None, None]:
        """Revoke the key that was asked about."""
        if self.pending or self.step != Step.REVOKE:
            return
        self._begin()
        yield
        await self._act(self._revoked)

    async def _show_flash(self) -> Flash | None:
        flash = await super()._show_flash()
        if flash is not None and flash.code == "api_key_created":
            self._show_key(flash.values.get("key", ""), flash.values.get("ticket", ""))
        return flash

    def _created(self, form: Any) -> Doing:
        async def created(context: RequestContext, looking: Viewer) -> None:
            wish = read_form(text_fields(form, *FORM_FIELDS))
            issued = await services().api_keys.create(context, looking, wish)
            ticket = ""  # the page then says that the key could not be shown
            with suppress(Unavailable):
                ticket = await services().one_time_secrets.put(looking.user_id, {"key": issued.text})
            self._show_key(issued.key.id, ticket)

        return created

    async def _discarded(self, context: RequestContext, looking: Viewer) -> None:
        with suppress(NotFound):  # it is gone already
            await services().api_keys.revoke(context, looking, self.chosen)
        self._step_back()
        await self._fill(looking)
        await self._go_on(Step.CREATE.value)(context, looking)

    def _asked_to_revoke(self, row: KeyRow) -> Doing:
        async def asked(_context: RequestContext, _looking: Viewer) -> None:
            self.chosen, self.chosen_name = row.key, row.name
            self._show(Step.REVOKE)

        return asked

    async def _revoked(self, context: RequestContext, looking: Viewer) -> None:
        name = self.chosen_name
        await services().api_keys.revoke(context, looking, self.chosen)
        await self._finished(f"{name} was revoked. It opens nothing any more.", _LIST)(context, looking)

    def _show_key(self, key_id: str, ticket: str) -> None:
        self.chosen, self.reveal, self.saved = key_id, ticket, False
        self._show(Step.SHOWN)

    async def _fill(self, looking: Viewer) -> None:
        account = await services().profiles.of(looking.user_id)
        found = await services().api_keys.of(looking.user_id)
        self.keys = [key_row(key, _CLOCK.now()) for key in found]
        self.full = sum(not row.over for row in self.keys) >= MOST_KEYS
        self.on = account.mfa_enabled
        self.origin = services().settings.base_url
        self._show_owner(looking, account)

    def _wished(self, wish: object) -> str | None:
        return Step.CREATE.value if wish == Step.CREATE else None

    async def _ask_again(self) -> None:
        self._ask_who(Step.CREATE.value)

    def _card(self) -> str:
        return _LIST if self.step == Step.REVOKE else "new-key"

    def _may_cancel(self) -> bool:
        return self.step != Step.SHOWN  # it is in force, and shown this once

    def _step_back(self) -> None:
        super()._step_back()
        self.chosen = self.chosen_name = self.reveal = ""
        self.saved = False

    def _sentence(self, error: DomainError) -> str:
        if isinstance(error, InvalidInput) and error.field == "scopes":
            return messages.PROMPTS["scopes"]
        return super()._sentence(error)
