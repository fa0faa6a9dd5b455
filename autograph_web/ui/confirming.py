"""What the pages share whose changes ask first who is looking."""

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
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import guard
from autograph_web.ui.account_form import AccountForm, Doing
from autograph_web.ui.form_state import CodeForm

CONFIRM = "confirm"
"""The step that asks for the password, and for a code where there is one."""

# Only to choose between a form and a button; the services judge freshness themselves.
_CLOCK = SystemClock()


class Confirming(CodeForm, AccountForm, mixin=True):
    """Vars of a page with steps, one of which confirms who is looking.

    `step` is what is under way (or nothing), `wish` what for, and `on` whether the account asks for a code. A
    confirmation opens a new session, so the page loads again and goes on with `?then=` and the wish.
    """

    # What refuses a change because another tab was quicker.
    _outdated: ClassVar[tuple[type[DomainError], ...]] = ()

    on: bool = False
    step: str = ""
    wish: str = ""

    async def _opened(self) -> None:
        """Say what a form left behind, and begin what the address asks for."""
        await super()._opened()
        then = self.router.url.query_parameters.get("then")
        self._greet(then)
        wish = self._wished(then)
        if wish is not None:
            await self._act(self._go_on(wish))

    @rx.event
    async def ask(self, wish: Any) -> AsyncGenerator[None, None]:
        """Begin what a button stands for."""
        wanted = self._wished(wish)
        if self.pending or self.step or wanted is None:
            return
        self._begin()
        yield
        await self._act(self._go_on(wanted, asked=True))

    @rx.event
    async def confirm(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Check the password, and the code where there is one, before going on with the wish."""
        if self.pending or self.ticket or self.step != CONFIRM:
            return
        self._begin()
        yield
        values = self._typed(form, "password", *(("code",) if self.on else ()))
        if values is not None:
            self._note_kind(values.get("code", ""))
            await self._act(self._confirmed(values))

    @rx.event
    async def cancel(self) -> AsyncGenerator[None, None]:
        """Leave what is under way as if it had never begun."""
        if self.pending or self.ticket or not self._may_cancel():
            return
        self._begin()
        yield
        await self._act(self._finished("", self._card()))

    async def _for_viewer(self, doing: Doing) -> None:
        try:
            await super()._for_viewer(doing)
        except ReauthenticationRequired:
            await self._ask_again()
        except self._outdated:
            # Another tab was quicker: show how things stand.
            self._step_back()
            with suppress(DomainError):
                await self._fill(await self._looking())
            raise

    async def _ask_again(self) -> None:
        """Ask who is looking: the sign-in has grown old meanwhile, or another tab turned two steps on."""
        self._ask_who(self.wish)

    def _confirmed(self, values: dict[str, str]) -> Doing:
        async def confirmed(context: RequestContext, looking: Viewer) -> None:
            code = values.get("code")
            given = ReauthenticationInput(
                password=SecretStr(values["password"]), code=SecretStr(code) if code else None
            )
            device = guard.device_of(self.router)
            await self._hand_off(await services().reauthentication.confirm(context, looking, given, device))
            self.next_path = self._place(then=self.wish)

        return confirmed

    def _is_fresh(self, looking: Viewer) -> bool:
        return looking.assurance.is_recent(self.on, _CLOCK)

    def _ask_who(self, wish: str) -> None:
        self.wish, self.recovery = wish, False
        self._show(CONFIRM)

    def _show(self, step: str) -> None:
        self.step = step
        self._move_to("step-title")

    def _finished(self, words: str, element: str) -> Doing:
        """Return what shows the account as it is now and says `words`."""

        async def finished(_context: RequestContext, looking: Viewer) -> None:
            self._step_back()
            await self._fill(looking)
            self.notice = words
            self._move_to(element)

        return finished

    def _greet(self, then: object) -> None:
        """Say what has happened, if `?then=` says so and it is true."""

    def _wished(self, wish: object) -> str | None:
        """Return the wish called `wish` if there is one that makes sense now."""
        raise NotImplementedError

    def _go_on(self, wish: str, *, asked: bool = False) -> Doing:
        """Return the next step towards `wish`; `asked` by a button, not after a confirmation or by a link."""

        async def go_on(_context: RequestContext, looking: Viewer) -> None:
            self.wish = wish
            if self._is_fresh(looking):
                self._show(wish)
            else:
                self._ask_who(wish)

        return go_on

    def _card(self) -> str:
        """Return the element that the wish is about."""
        raise NotImplementedError

    def _may_cancel(self) -> bool:
        return True

    def _step_back(self) -> None:
        self.step = self.wish = ""
        self.recovery = False
