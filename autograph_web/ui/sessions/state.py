"""The state behind the devices page."""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar
from uuid import UUID

import reflex as rx

from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import NotFound
from autograph_web.runtime import services
from autograph_web.sessions.devices import MOST_LISTED
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import messages, viewer
from autograph_web.ui.account_form import AccountForm, Doing
from autograph_web.ui.form_state import text_fields
from autograph_web.ui.routes import SESSIONS, SIGN_IN, Route
from autograph_web.ui.viewer import DeviceRow

_SIGNED_OUT = f"{SIGN_IN.path}?ended=1"


class SessionsState(AccountForm, rx.State):
    """What the devices page shows. Handlers that read or change anything ask anew who is looking."""

    _here: ClassVar[Route] = SESSIONS

    here: rx.Field[list[DeviceRow]] = rx.field(default_factory=list)
    others: rx.Field[list[DeviceRow]] = rx.field(default_factory=list)
    more: bool = False

    @rx.event
    async def sign_out(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Sign one of the sessions out."""
        if self.pending:
            return
        self._begin()
        yield
        await self._act(self._signed_out(form))

    @rx.event
    async def sign_out_others(self) -> AsyncGenerator[None, None]:
        """Sign every session but this one out."""
        if self.pending:
            return
        self._begin()
        yield
        await self._act(self._signed_others_out)

    async def _for_viewer(self, doing: Doing) -> None:
        async def doing_or_filled(context: RequestContext, looking: Viewer) -> None:
            try:
                await doing(context, looking)
            except NotFound:  # it ended meanwhile: show what is left
                await self._fill(looking)
                raise

        await super()._for_viewer(doing_or_filled)

    def _signed_out(self, form: object) -> Doing:
        async def signed_out(context: RequestContext, looking: Viewer) -> None:
            chosen = _session_id(text_fields(form, "session")["session"])
            await services().devices.sign_out(context, looking, chosen)
            if chosen == looking.session_id:
                self._go(_SIGNED_OUT)
                return
            row = next((row for row in self.others if row.key == str(chosen)), None)
            await self._say(looking, f"{row.name} is signed out." if row else messages.DEVICE_SIGNED_OUT)

        return signed_out

    async def _signed_others_out(self, context: RequestContext, looking: Viewer) -> None:
        await services().devices.sign_out_others(context, looking)
        await self._say(looking, messages.OTHERS_SIGNED_OUT)

    async def _say(self, looking: Viewer, words: str) -> None:
        await self._fill(looking)
        self.notice = words
        self._move_to("other-devices")

    async def _fill(self, looking: Viewer) -> None:
        account = await services().profiles.of(looking.user_id)
        found = await services().devices.of(looking)
        # Nothing is shown before everything is there.
        self.here = [viewer.device_row(one) for one in found if one.current]
        self.others = [viewer.device_row(one) for one in found if not one.current]
        self.more = len(found) == MOST_LISTED
        self._show_owner(looking, account)


def _session_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
