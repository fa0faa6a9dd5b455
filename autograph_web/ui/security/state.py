"""The state of the security page.

No key and no recovery code ever enters a var: `reveal` is the ticket of an encrypted one-time secret that the
page fetches itself (see assets/reveal.js).
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
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui import guard, messages, view_models
from autograph_web.ui.account_form import Action
from autograph_web.ui.routes import SECURITY, Route
from autograph_web.ui.security.intents import OUTCOME_MESSAGES, Intent, Step, intent_of
from autograph_web.ui.security.password_form import CHANGED, PasswordForm
from autograph_web.ui.step_up import StepUpPage
from autograph_web.ui.view_models import TrustedRow

_GROUP = 4


class SecurityState(PasswordForm, StepUpPage, rx.State):
    """The state of the security page.

    `step` is the current `Step` (or empty) and `intent` the `Intent` behind it. Every handler that reads or
    changes anything but the presentation authenticates again.
    """

    _route: ClassVar[Route] = SECURITY
    _outdated: ClassVar[tuple[type[DomainError], ...]] = (MfaNotEnabled, NoPendingSetup, NotFound)

    codes_left: int = 0
    devices: rx.Field[list[TrustedRow]] = rx.field(default_factory=list)
    reveal: str = ""
    saved: bool = False

    def _parse_intent(self, intent: object) -> Intent | None:
        return intent_of(intent, on=self.on)

    def _show_outcome(self, then: object) -> None:
        if self._has_just_changed(then):
            self.notice = OUTCOME_MESSAGES[Intent.PASSWORD]
            self._focus_on("password-card")

    @rx.event
    async def enable(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Turn two-step verification on, or replace the authenticator, with a code of the new key."""
        if self.pending or self.step != Step.SETUP:
            return
        self._begin()
        yield
        values = self._required_fields(form, "code")
        if values is not None:
            await self._run(self._enabled(values["code"], form.get("end_other_sessions") == "on"))

    @rx.event
    async def change_password(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Change the password."""
        if self.pending or self.ticket or self.step != Step.PASSWORD:
            return
        self._begin()
        yield
        values = self._required_fields(form, "current_password", "new_password")
        if values is not None:
            await self._run(self._changed_password(values, form.get("end_other_sessions") == "on"))

    @rx.event
    async def turn_off(self) -> AsyncGenerator[None, None]:
        """Turn two-step verification off."""
        if self.pending or self.step != Step.TURN_OFF:
            return
        self._begin()
        yield
        await self._run(self._turned_off)

    @rx.event
    async def make_codes(self) -> AsyncGenerator[None, None]:
        """Make ten new recovery codes."""
        if self.pending or self.step != Step.NEW_CODES:
            return
        self._begin()
        yield
        await self._run(self._regenerated_codes)

    @rx.event
    async def reveal_again(self) -> AsyncGenerator[None, None]:
        """Generate a new secret in place of the one that could not be shown, since no user has seen that."""
        if self.pending or self.step not in (Step.SETUP, Step.CODES):
            return
        setup = self.step == Step.SETUP
        self._begin()
        yield
        await self._run(self._continue(self.intent) if setup else self._regenerated_codes)

    @rx.event
    async def tick_saved(self, ticked: Any) -> None:
        """Note that the user says the codes are saved."""
        self.saved = ticked is True

    @rx.event
    async def done(self) -> AsyncGenerator[None, None]:
        """Close the step that shows the recovery codes."""
        if self.pending or self.step != Step.CODES or not self.saved:
            return
        self._begin()
        yield
        await self._run(self._finish(OUTCOME_MESSAGES.get(self.intent, ""), "two-step"))

    @rx.event
    async def distrust(self, device: Any) -> AsyncGenerator[None, None]:
        """Revoke the trust in one of the devices."""
        row = next((row for row in self.devices if row.key == device), None)
        if self.pending or self.step or row is None:
            return
        self._begin()
        yield
        await self._run(self._distrusted(row))

    async def _reauthenticate(self) -> None:
        was_on = self.on
        with suppress(DomainError):
            await self._fill(await self._authorize())
        if self.on and not was_on and self.intent == Intent.TURN_ON:
            self._step_back()  # another tab was faster: two-step verification is already on
            return
        # Recovery codes that could not be shown belong to a setup that is complete.
        self._require_reauth(Intent.NEW_CODES if self.step == Step.CODES else self.intent)

    def _continue(self, intent: str, *, by_button: bool = False) -> Action:
        """Return the next step of `intent`; `by_button`: not after a re-authentication or by a link."""

        async def proceed(context: RequestContext, principal: SessionPrincipal) -> None:
            self.intent = intent
            if intent == Intent.PASSWORD:
                self._show(Step.PASSWORD)
            elif intent in (Intent.TURN_ON, Intent.REPLACE):
                await self._begin_setup(context, principal)
            elif by_button and intent == Intent.TURN_OFF:
                # This requires password and code, however recent the authentication is.
                self._require_reauth(intent)
            elif self._is_fresh(principal):
                self._show(Step.TURN_OFF if intent == Intent.TURN_OFF else Step.NEW_CODES)
            else:
                self._require_reauth(intent)

        return proceed

    async def _begin_setup(self, context: RequestContext, principal: SessionPrincipal) -> None:
        setup = await services().enrolment.begin(context, principal)
        groups = (setup.secret[start : start + _GROUP] for start in range(0, len(setup.secret), _GROUP))
        note: OneTimeSecret = {
            "key": " ".join(groups),
            "uri": setup.provisioning_uri,
            "qr": f"data:image/png;base64,{setup.qr_code}",
        }
        await self._hand_over(principal, note, Step.SETUP)

    def _changed_password(self, values: dict[str, str], end_others: bool) -> Action:
        async def changed(context: RequestContext, principal: SessionPrincipal) -> None:
            given = PasswordChangeInput(
                current_password=SecretStr(values["current_password"]),
                new_password=SecretStr(values["new_password"]),
                end_other_sessions=end_others,
            )
            device = guard.device_of(self.router)
            grant = await services().password_change.change(context, principal, given, device)
            try:
                await self._issue_ticket(grant)
            except Unavailable:  # the change is done; only the new session is missing
                await self._finish(OUTCOME_MESSAGES[Intent.PASSWORD], "password-card")(context, principal)
            self.next_path = f"{SECURITY.path}?then={CHANGED}"

        return changed

    def _enabled(self, code: str, end_others: bool) -> Action:
        async def enabled(context: RequestContext, principal: SessionPrincipal) -> None:
            codes = await services().enrolment.enable(context, principal, code, end_others=end_others)
            await self._show_codes(principal, codes)

        return enabled

    async def _regenerated_codes(self, context: RequestContext, principal: SessionPrincipal) -> None:
        self.intent = self.intent or Intent.NEW_CODES.value
        await self._show_codes(principal, await services().enrolment.regenerate_codes(context, principal))

    async def _turned_off(self, context: RequestContext, principal: SessionPrincipal) -> None:
        await services().enrolment.disable(context, principal)
        await self._finish(OUTCOME_MESSAGES[Intent.TURN_OFF], "two-step")(context, principal)

    def _distrusted(self, row: TrustedRow) -> Action:
        async def distrusted(context: RequestContext, principal: SessionPrincipal) -> None:
            await services().trusted_devices.forget(context, principal, UUID(row.key))
            words = f"{row.name} is no longer trusted and will ask for a code."
            await self._finish(words, "trusted-devices")(context, principal)

        return distrusted

    async def _show_codes(self, principal: SessionPrincipal, codes: list[str]) -> None:
        self.on, self.saved = True, False
        await self._hand_over(principal, {"codes": codes}, Step.CODES)

    async def _hand_over(self, principal: SessionPrincipal, note: OneTimeSecret, step: Step) -> None:
        # Without a ticket the page says that it could not be shown, and offers to generate it again.
        self.reveal = ""
        with suppress(Unavailable):
            self.reveal = await services().one_time_secrets.put(principal.user_id, note)
        self._show(step)

    async def _fill(self, principal: SessionPrincipal) -> None:
        account = await services().profiles.of(principal.user_id)
        factors = await services().second_factors.status(principal.user_id)
        devices = await services().trusted_devices.of(principal.user_id) if factors.enabled else []
        self.on, self.codes_left = factors.enabled, factors.recovery_codes_left
        self.devices = [view_models.trusted_row(device) for device in devices]
        self._show_password(account)
        self._show_account(principal, account)

    def _card(self) -> str:
        return "password-card" if self.intent == Intent.PASSWORD else "two-step"

    def _may_cancel(self) -> bool:
        return self.step != Step.CODES  # the codes are active, and shown only this once

    def _step_back(self) -> None:
        super()._step_back()
        self._reset_meter()
        self.reveal, self.saved = "", False

    def _sentence(self, error: DomainError) -> str:
        if isinstance(error, CodeMalformed) and self.step == Step.SETUP:
            return messages.SIX_DIGITS
        return super()._sentence(error)
