"""The state behind the security page.

No key and no recovery code ever enters a var: `reveal` is the ticket of a sealed note that the page fetches
itself (see assets/reveal.js), once.
"""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

import reflex as rx
from pydantic import SecretStr

from autograph_web.authn.errors import CodeMalformed, MfaNotEnabled
from autograph_web.authn.methods.totp.errors import NoPendingSetup
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError, NotFound, Unavailable
from autograph_web.infra.one_time_secrets import OneTimeSecret
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui import guard, messages, viewer
from autograph_web.ui.account_form import Doing
from autograph_web.ui.confirming import Confirming
from autograph_web.ui.routes import SECURITY, Route
from autograph_web.ui.security.password_form import CHANGED, PasswordForm
from autograph_web.ui.security.wishes import AFTERWARDS, Step, Wish, wish_of
from autograph_web.ui.viewer import TrustedRow

_GROUP = 4


class SecurityState(PasswordForm, Confirming, rx.State):
    """What the security page shows.

    `step` is what is under way (a `Step`, or nothing) and `wish` what for (a `Wish`). Handlers that read or
    change anything but the drawing ask anew who is looking.
    """

    _here: ClassVar[Route] = SECURITY
    _outdated: ClassVar[tuple[type[DomainError], ...]] = (MfaNotEnabled, NoPendingSetup, NotFound)

    codes_left: int = 0
    devices: rx.Field[list[TrustedRow]] = rx.field(default_factory=list)
    reveal: str = ""
    saved: bool = False

    def _wished(self, wish: object) -> Wish | None:
        return wish_of(wish, on=self.on)

    def _greet(self, then: object) -> None:
        if self._has_just_changed(then):
            self.notice = AFTERWARDS[Wish.PASSWORD]
            self._move_to("password-card")

    @rx.event
    async def enable(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Turn two-step verification on, or replace the authenticator, with a code of the new key."""
        if self.pending or self.step != Step.SETUP:
            return
        self._begin()
        yield
        values = self._typed(form, "code")
        if values is not None:
            await self._act(self._enabled(values["code"], form.get("end_other_sessions") == "on"))

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
        await self._act(self._go_on(self.wish) if setup else self._made_codes)

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
    async def distrust(self, device: Any) -> AsyncGenerator[None, None]:
        """Trust one of the devices no longer."""
        row = next((row for row in self.devices if row.key == device), None)
        if self.pending or self.step or row is None:
            return
        self._begin()
        yield
        await self._act(self._distrusted(row))

    async def _ask_again(self) -> None:
        was_on = self.on
        with suppress(DomainError):
            await self._fill(await self._looking())
        if self.on and not was_on and self.wish == Wish.TURN_ON:
            self._step_back()  # another tab was quicker, and there is nothing left to turn on
            return
        # Codes that could not be shown belong to a setup that is over.
        self._ask_who(Wish.NEW_CODES if self.step == Step.CODES else self.wish)

    def _go_on(self, wish: str, *, asked: bool = False) -> Doing:
        """Return the next step towards `wish`; `asked` by a button, not after a confirmation or by a link."""

        async def go_on(context: RequestContext, looking: Viewer) -> None:
            self.wish = wish
            if wish == Wish.PASSWORD:
                self._show(Step.PASSWORD)
            elif wish in (Wish.TURN_ON, Wish.REPLACE):
                await self._begin_setup(context, looking)
            elif asked and wish == Wish.TURN_OFF:
                # This takes password and factor, however fresh the sign-in is.
                self._ask_who(wish)
            elif self._is_fresh(looking):
                self._show(Step.TURN_OFF if wish == Wish.TURN_OFF else Step.NEW_CODES)
            else:
                self._ask_who(wish)

        return go_on

    async def _begin_setup(self, context: RequestContext, looking: Viewer) -> None:
        setup = await services().enrolment.begin(context, looking)
        groups = (setup.secret[start : start + _GROUP] for start in range(0, len(setup.secret), _GROUP))
        note: OneTimeSecret = {
            "key": " ".join(groups),
            "uri": setup.provisioning_uri,
            "qr": f"data:image/png;base64,{setup.qr_code}",
        }
        await self._hand_over(looking, note, Step.SETUP)

    def _changed_password(self, values: dict[str, str], end_others: bool) -> Doing:
        async def changed(context: RequestContext, looking: Viewer) -> None:
            given = PasswordChangeInput(
                current_password=SecretStr(values["current_password"]),
                new_password=SecretStr(values["new_password"]),
                end_other_sessions=end_others,
            )
            device = guard.device_of(self.router)
            grant = await services().password_change.change(context, looking, given, device)
            try:
                await self._hand_off(grant)
            except Unavailable:  # only the new session is missing
                await self._finished(AFTERWARDS[Wish.PASSWORD], "password-card")(context, looking)
            self.next_path = f"{SECURITY.path}?then={CHANGED}"

        return changed

    def _enabled(self, code: str, end_others: bool) -> Doing:
        async def enabled(context: RequestContext, looking: Viewer) -> None:
            codes = await services().enrolment.enable(context, looking, code, end_others=end_others)
            await self._show_codes(looking, codes)

        return enabled

    async def _made_codes(self, context: RequestContext, looking: Viewer) -> None:
        self.wish = self.wish or Wish.NEW_CODES.value
        await self._show_codes(looking, await services().enrolment.regenerate_codes(context, looking))

    async def _turned_off(self, context: RequestContext, looking: Viewer) -> None:
        await services().enrolment.disable(context, looking)
        await self._finished(AFTERWARDS[Wish.TURN_OFF], "two-step")(context, looking)

    def _distrusted(self, row: TrustedRow) -> Doing:
        async def distrusted(context: RequestContext, looking: Viewer) -> None:
            await services().trusted_devices.forget(context, looking, UUID(row.key))
            words = f"{row.name} is no longer trusted. It will ask for a code again."
            await self._finished(words, "trusted-devices")(context, looking)

        return distrusted

    async def _show_codes(self, looking: Viewer, codes: list[str]) -> None:
        self.on, self.saved = True, False
        await self._hand_over(looking, {"codes": codes}, Step.CODES)

    async def _hand_over(self, looking: Viewer, note: OneTimeSecret, step: Step) -> None:
        # Without a ticket the page says that it could not be shown, and offers to make it again.
        self.reveal = ""
        with suppress(Unavailable):
            self.reveal = await services().one_time_secrets.put(looking.user_id, note)
        self._show(step)

    async def _fill(self, looking: Viewer) -> None:
        account = await services().profiles.of(looking.user_id)
        factors = await services().second_factors.status(looking.user_id)
        devices = await services().trusted_devices.of(looking.user_id) if factors.enabled else []
        self.on, self.codes_left = factors.enabled, factors.recovery_codes_left
        self.devices = [viewer.trusted_row(device) for device in devices]
        self._show_password(account)
        self._show_owner(looking, account)

    def _card(self) -> str:
        return "password-card" if self.wish == Wish.PASSWORD else "two-step"

    def _may_cancel(self) -> bool:
        return self.step != Step.CODES  # they are in force, and shown this once

    def _step_back(self) -> None:
        super()._step_back()
        self._rest_meter()
        self.reveal, self.saved = "", False

    def _sentence(self, error: DomainError) -> str:
        if isinstance(error, CodeMalformed) and self.step == Step.SETUP:
            return messages.SIX_DIGITS
        return super()._sentence(error)
