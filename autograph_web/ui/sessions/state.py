"""The state of the devices page."""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar
from uuid import UUID

import reflex as rx

from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import NotFound
from autograph_web.runtime import services
from autograph_web.sessions.devices import MOST_LISTED
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import messages, view_models
from autograph_web.ui.account_form import AccountForm, Action
from autograph_web.ui.form_state import text_fields
from autograph_web.ui.routes import SESSIONS, SIGN_IN, Route
from autograph_web.ui.view_models import DeviceRow

_SIGNED_OUT = f"{SIGN_IN.path}?ended=1"


class SessionsState(AccountForm, rx.State):
    """The state of the devices page. Every handler that reads or changes anything authenticates again."""

    _route: ClassVar[Route] = SESSIONS

    here: rx.Field[list[DeviceRow]] = rx.field(default_factory=list)
    others: rx.Field[list[DeviceRow]] = rx.field(default_factory=list)
    more: bool = False

    @rx.event
    async def sign_out(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """End one of the sessions."""
        if self.pending:
            return
        self._begin()
        yield
        await self._run(self._signed_out(form))

    @rx.event
    async def sign_out_others(self) -> AsyncGenerator[None, None]:
        """End every session but the current one."""
        if self.pending:
            return
        self._begin()
        yield
        await self._run(self._signed_others_out)

    async def _run_authorized(self, action: Action) -> None:
        async def action_or_refresh(context: RequestContext, principal: SessionPrincipal) -> None:
            try:
                await action(context, principal)
            except NotFound:  # it has ended meanwhile: show the current list
                await self._fill(principal)
                raise

        await super()._run_authorized(action_or_refresh)

    def _signed_out(self, form: object) -> Action:
        async def signed_out(context: RequestContext, principal: SessionPrincipal) -> None:
            chosen = _session_id(text_fields(form, "session")["session"])
            await services().devices.sign_out(context, principal, chosen)
            if chosen == principal.session_id:
                self._leave_for(_SIGNED_OUT)
                return
            row = next((row for row in self.others if row.key == str(chosen)), None)
            await self._show_done(principal, f"Signed out {row.name}." if row else messages.DEVICE_SIGNED_OUT)

        return signed_out

    async def _signed_others_out(self, context: RequestContext, principal: SessionPrincipal) -> None:
        await services().devices.sign_out_others(context, principal)
        await self._show_done(principal, messages.OTHERS_SIGNED_OUT)

    async def _show_done(self, principal: SessionPrincipal, words: str) -> None:
        await self._fill(principal)
        self.notice = words
        self._focus_on("other-devices")

    async def _fill(self, principal: SessionPrincipal) -> None:
        account = await services().profiles.of(principal.user_id)
        found = await services().devices.of(principal)
        # Set the vars only after everything was read.
        self.here = [view_models.device_row(one) for one in found if one.current]
        self.others = [view_models.device_row(one) for one in found if not one.current]
        self.more = len(found) == MOST_LISTED
        self._show_account(principal, account)


def _session_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
