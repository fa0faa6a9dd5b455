"""The state behind the security page.

No key and no recovery code ever enters a var: `reveal` is the ticket of a sealed note that the page fetches
itself (see assets/reveal.js), once.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import SecretStr

from autograph_web.core.clock import SystemClock
from autograph_web.core.context import RequestContext
from autograph_web.core.errors import (
    CodeMalformed,
    DomainError,
    MfaNotEnabled,
    NoPendingSetup,
    NotAuthenticated,
    NotFound,
    ReauthenticationRequired,
    SessionEnded,
    Unavailable,
)
from autograph_web.core.notes import Note
from autograph_web.mfa.freshness import is_fresh
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.sign_in.inputs import ReauthenticationInput
from autograph_web.ui import guard, messages, viewer
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.form_state import CodeForm
from autograph_web.ui.routes import SECURITY
from autograph_web.ui.security.password_form import CHANGED, PasswordForm
from autograph_web.ui.security.wishes import AFTERWARDS, Step, Wish, wish_of
from autograph_web.ui.viewer import TrustedRow

_logger = logging.getLogger(__name__)

# Only to choose between a form and a button; the services judge freshness themselves.
_CLOCK = SystemClock()
_GROUP = 4

_Doing = Callable[[RequestContext, Viewer], Awaitable[None]]


class SecurityState(PasswordForm, CodeForm, AccountPage, rx.State):
    """What the security page shows.

    `step` is what is under way (a `Step`, or nothing) and `wish` what for (a `Wish`). Handlers that read or
    change anything but the drawing ask anew who is looking.
    """

    on: bool = False
    codes_left: int = 0
    devices: rx.Field[list[TrustedRow]] = rx.field(default_factory=list)
    step: str = ""
    wish: str = ""
    reveal: str = ""
    saved: bool = False

    @rx.event
    async def load(self) -> None:
        """Fill the page when it is opened, again by "Try again", and after a mended connection."""
        first, self.pending = not self.loaded, False
        try:
            looking = await guard.viewer_of(self.router)
            await self._fill(looking)
        except (NotAuthenticated, SessionEnded):
            self._session_over(SECURITY)
            return
        except DomainError:
            self.failed = not self.loaded
            return
        except Exception:
            # Raised further, the page would wait for an answer that never comes.
            _logger.exception("loading the security page failed unexpectedly")
            self.failed = not self.loaded
            return
        asked_for = self.router.url.query_parameters.get("then")
        if first:
            await self._show_flash()
        if first and self._has_just_changed(asked_for):
            self.notice = AFTERWARDS[Wish.PASSWORD]
            self._move_to("password-card")
        wish = wish_of(asked_for, on=self.on)
        if first and wish is not None:
            await self._act(self._go_on(wish))

    @rx.event
    async def ask(self, wish: Any) -> AsyncGenerator[None, None]:
        """Begin what a button stands for: one of `Wish`."""
        wanted = wish_of(wish, on=self.on)
        if self.pending or self.step or wanted is None:
            return
        self._begin()
        yield
        await self._act(self._go_on(wanted, asked=True))

    @rx.event
    async def confirm(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Check the password, and the code where there is one, before going on with the wish."""
        if self.pending or self.ticket or self.step != Step.CONFIRM:
            return
        self._begin()
        yield
        values = self._typed(form, "password", *(("code",) if self.on else ()))
        if values is not None:
            self._note_kind(values.get("code", ""))
            await self._act(self._confirmed(values))

    @rx.event
    async def enable(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Turn two-step verification on, or replace the authenticator, with a code of the new key."""
        if self.pending or self.step != Step.SETUP:
            return
        self._begin()
        yield
        values = self._typed(form, "code")
        if values is not None:
            await self._act(self._enabled(values["code"]))

    @rx.event
    async def change_password(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Change the password."""
        if self.pending or self.ticket or self.step != Step.PASSWORD:
            return
        self._begin()
        yield
        values = self._typed(form, "current_password", "new_password")
        if values is not None:
            await self._act(self._changed_password(values, form.get("end_other_sessions") == "on"))

    @rx.event
    async def turn_off(self) -> AsyncGenerator[None, None]:
        """Turn two-step verification off."""
        if self.pending or self.step != Step.TURN_OFF:
            return
        self._begin()
        yield
        await self._act(self._turned_off)

    @rx.event
    async def make_codes(self) -> AsyncGenerator[None, None]:
        """Make ten new recovery codes."""
        if self.pending or self.step != Step.NEW_CODES:
            return
        self._begin()
        yield
        await self._act(self._made_codes)

    @rx.event
    async def reveal_again(self) -> AsyncGenerator[None, None]:
        """Make what could not be shown once more: nobody has seen it, so nobody has it."""
        if self.pending or self.step not in (Step.SETUP, Step.CODES):
            return
        setup = self.step == Step.SETUP
        self._begin()
        yield
        await self._act(self._go_on(Wish(self.wish)) if setup else self._made_codes)

    @rx.event
    async def tick_saved(self, ticked: Any) -> None:
        """Take the person's word that the codes are saved."""
        self.saved = ticked is True

    @rx.event
    async def done(self) -> AsyncGenerator[None, None]:
        """Put the recovery codes away."""
        if self.pending or self.step != Step.CODES or not self.saved:
            return
        self._begin()
        yield
        await self._act(self._finished(AFTERWARDS.get(self.wish, ""), "two-step"))

    @rx.event
    async def cancel(self) -> AsyncGenerator[None, None]:
        """Leave what is under way as if it had never begun."""
        if self.pending or self.ticket or self.step == Step.CODES:
            return
        self._begin()
        yield
        await self._act(self._finished("", "two-step"))

    @rx.event
    async def distrust(self, device: Any) -> AsyncGenerator[None, None]:
        """Trust one of the devices no longer."""
        row = next((row for row in self.devices if row.key == device), None)
        if self.pending or self.step or row is None:
            return
        self._begin()
        yield
        await self._act(self._distrusted(row))

    async def _act(self, doing: _Doing) -> None:
        """Do something for whoever is looking, who is asked for anew, and show how it turned out."""
        await self._attempt(self._for_viewer(doing))
        self.pending = False

    async def _for_viewer(self, doing: _Doing) -> None:
        try:
            looking = await guard.viewer_of(self.router)
            await doing(guard.request_context(self.router), looking)
        except (NotAuthenticated, SessionEnded):
            self._session_over(SECURITY)
        except ReauthenticationRequired:
            was_on = self.on
            with suppress(DomainError):
                await self._fill(await guard.viewer_of(self.router))
            if self.on and not was_on and self.wish == Wish.TURN_ON:
                self._step_back()  # another tab was quicker, and there is nothing left to turn on
                return
            # Codes that could not be shown belong to a setup that is over.
            self._ask_who(Wish.NEW_CODES if self.step == Step.CODES else Wish(self.wish))
        except (MfaNotEnabled, NoPendingSetup, NotFound):
            # Another tab was quicker: show how things stand.
            self._step_back()
            with suppress(DomainError):
                await self._fill(await guard.viewer_of(self.router))
            raise

    def _go_on(self, wish: Wish, *, asked: bool = False) -> _Doing:
        """Return the next step towards `wish`; `asked` by a button, not after a confirmation or by a link."""

        async def go_on(context: RequestContext, looking: Viewer) -> None:
            self.wish = wish.value
            if wish is Wish.PASSWORD:
                self._show(Step.PASSWORD)
            elif wish in (Wish.TURN_ON, Wish.REPLACE):
                await self._begin_setup(context, looking)
            elif asked and wish is Wish.TURN_OFF:
                # This takes password and factor, however fresh the sign-in is.
                self._ask_who(wish)
            elif is_fresh(looking, self.on, _CLOCK):
                self._show(Step.TURN_OFF if wish is Wish.TURN_OFF else Step.NEW_CODES)
            else:
                self._ask_who(wish)

        return go_on

    async def _begin_setup(self, context: RequestContext, looking: Viewer) -> None:
        setup = await services().enrolment.begin(context, looking)
        groups = (setup.secret[start : start + _GROUP] for start in range(0, len(setup.secret), _GROUP))
        note: Note = {
            "key": " ".join(groups),
            "uri": setup.provisioning_uri,
            "qr": f"data:image/png;base64,{setup.qr_code}",
        }
        await self._hand_over(looking, note, Step.SETUP)

    def _confirmed(self, values: dict[str, str]) -> _Doing:
        async def confirmed(context: RequestContext, looking: Viewer) -> None:
            code = values.get("code")
            given = ReauthenticationInput(
                password=SecretStr(values["password"]), code=SecretStr(code) if code else None
            )
            device = guard.device_of(self.router)
            await self._hand_off(await services().reauthentication.confirm(context, looking, given, device))
            self.next_path = f"{SECURITY.path}?then={self.wish}"

        return confirmed

    def _changed_password(self, values: dict[str, str], end_others: bool) -> _Doing:
        async def changed(context: RequestContext, looking: Viewer) -> None:
            given = PasswordChangeInput(
                current_password=SecretStr(values["current_password"]),
                new_password=SecretStr(values["new_password"]),
                end_other_sessions=end_others,
            )
            device = guard.device_of(self.router)
            proof = await services().password_change.change(context, looking, given, device)
            try:
                await self._hand_off(proof)
            except Unavailable:  # only the new session is missing
                await self._finished(AFTERWARDS[Wish.PASSWORD], "password-card")(context, looking)
            self.next_path = f"{SECURITY.path}?then={CHANGED}"

        return changed

    def _enabled(self, code: str) -> _Doing:
        async def enabled(context: RequestContext, looking: Viewer) -> None:
            await self._show_codes(looking, await services().enrolment.enable(context, looking, code))

        return enabled

    async def _made_codes(self, context: RequestContext, looking: Viewer) -> None:
        self.wish = self.wish or Wish.NEW_CODES.value
        await self._show_codes(looking, await services().enrolment.regenerate_codes(context, looking))

    async def _turned_off(self, context: RequestContext, looking: Viewer) -> None:
        await services().enrolment.disable(context, looking)
        await self._finished(AFTERWARDS[Wish.TURN_OFF], "two-step")(context, looking)

    def _distrusted(self, row: TrustedRow) -> _Doing:
        async def distrusted(context: RequestContext, looking: Viewer) -> None:
            await services().trusted_devices.forget(context, looking, UUID(row.key))
            words = f"{row.name} is no longer trusted. It will ask for a code again."
            await self._finished(words, "trusted-devices")(context, looking)

        return distrusted

    def _finished(self, words: str, element: str) -> _Doing:
        """Return what shows the account as it is now and says `words`."""

        async def finished(_context: RequestContext, looking: Viewer) -> None:
            self._step_back()
            await self._fill(looking)
            self.notice = words
            self._move_to(element)

        return finished

    async def _show_codes(self, looking: Viewer, codes: list[str]) -> None:
        self.on, self.saved = True, False
        await self._hand_over(looking, {"codes": codes}, Step.CODES)

    async def _hand_over(self, looking: Viewer, note: Note, step: Step) -> None:
        # Without a ticket the page says that it could not be shown, and offers to make it again.
        self.reveal = ""
        with suppress(Unavailable):
            self.reveal = await services().notes.leave(looking.user_id, note)
        self._show(step)

    async def _fill(self, looking: Viewer) -> None:
        self._show_password(await services().profiles.of(looking.user_id))
        factors = await services().factors.status(looking.user_id)
        devices = await services().trusted_devices.of(looking.user_id) if factors.enabled else []
        self.on, self.codes_left = factors.enabled, factors.recovery_codes_left
        self.devices = [viewer.trusted_row(device) for device in devices]
        self._show_owner(looking)

    def _ask_who(self, wish: Wish) -> None:
        self.wish, self.recovery = wish.value, False
        self._show(Step.CONFIRM)

    def _show(self, step: Step) -> None:
        self.step = step.value
        self._move_to("step-title")

    def _step_back(self) -> None:
        self._rest_meter()
        self.step = self.wish = self.reveal = ""
        self.saved = self.recovery = False

    def _sentence(self, error: DomainError) -> str:
        if isinstance(error, CodeMalformed) and self.step == Step.SETUP:
            return messages.SIX_DIGITS
        return super()._sentence(error)
