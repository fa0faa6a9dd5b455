"""The state behind the account page."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from enum import StrEnum
from typing import Any, ClassVar

import reflex as rx

from autograph_web.infra.context import RequestContext
from autograph_web.runtime import services
from autograph_web.sessions.errors import Unfinished
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import viewer
from autograph_web.ui.account_form import Doing
from autograph_web.ui.confirming import Confirming
from autograph_web.ui.routes import ACCOUNT, Route


class Wish(StrEnum):
    """What a person wants; the value is also what `?then=` may say, and the step that leads there."""

    CHANGE_EMAIL = "change-email"
    DELETE = "delete"


class AccountState(Confirming, rx.State):
    """What the account page shows. Handlers that read or change anything ask anew who is looking."""

    _here: ClassVar[Route] = ACCOUNT

    since_at: str = ""
    since_when: str = ""

    @rx.event
    async def delete(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Delete the account, once its own address was typed."""
        if self.pending or self.step != Wish.DELETE:
            return
        self._begin()
        yield
        values = self._typed(form, "confirm_email")
        if values is not None:
            await self._act(self._deleted(values["confirm_email"]))

    @rx.event
    async def change_email(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Have a link sent to another address."""
        if self.pending or self.step != Wish.CHANGE_EMAIL:
            return
        self._begin()
        yield
        values = self._typed(form, "email")
        if values is not None:
            await self._act(self._asked_to_move(values["email"]))

    def _asked_to_move(self, typed: str) -> Doing:
        async def asked(context: RequestContext, looking: Viewer) -> None:
            email = await services().email_change.request(context, looking, typed)
            words = f"A link is on its way to {email}. Nothing changes before you open it."
            await self._finished(words, "email-card")(context, looking)

        return asked

    def _deleted(self, typed: str) -> Doing:
        async def deleted(context: RequestContext, looking: Viewer) -> None:
            with suppress(Unfinished):  # it is gone: only Redis doesn't know yet
                await services().deletion.delete(context, looking, typed)
            # To the door, which takes the cookie of a session that is over back, and says why it is.
            self._go(self._here.path)

        return deleted

    async def _fill(self, looking: Viewer) -> None:
        account = await services().profiles.of(looking.user_id)
        self.on = account.mfa_enabled
        self.since_at, self.since_when = viewer.iso(account.created_at), viewer.in_words(account.created_at)
        self._show_owner(looking, account)

    def _wished(self, wish: object) -> str | None:
        return Wish(wish).value if isinstance(wish, str) and wish in set(Wish) else None

    def _card(self) -> str:
        return "email-card" if self.wish == Wish.CHANGE_EMAIL else "delete"
