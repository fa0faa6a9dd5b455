"""The state behind the page of feature flags."""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar

import reflex as rx

from autograph_web.flags.errors import FlagShareInvalid
from autograph_web.flags.flags import FlagState
from autograph_web.flags.inputs import ALL_ACCOUNTS, FlagChange, parse_flag_change
from autograph_web.flags.table import FLAGS, flag_called
from autograph_web.infra.context import RequestContext
from autograph_web.runtime import services
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.ui.account_form import Action
from autograph_web.ui.admin.flags.rows import (
    AS_SETTINGS,
    ChoiceRow,
    FlagRow,
    choices_of,
    describe_change,
    flag_row,
)
from autograph_web.ui.form_state import text_fields
from autograph_web.ui.routes import ADMIN_FLAGS, Route
from autograph_web.ui.step_up import CONFIRM, StepUpPage

REVIEW = "review"
_LIST = "flags"


class FlagsState(StepUpPage, rx.State):
    """The state of the page of feature flags.

    Every handler that reads or changes anything authenticates again. `step` is the name of the flag whose
    value is being chosen, or the review of that choice. `_word` and `_percent` are the choice; clients cannot
    set them.
    """

    _route: ClassVar[Route] = ADMIN_FLAGS

    rows: rx.Field[list[FlagRow]] = rx.field(default_factory=list)
    chosen: str = ""
    label: str = ""
    choices: rx.Field[list[ChoiceRow]] = rx.field(default_factory=list)
    word: str = ""
    percent: str = ""
    shared: bool = False
    change: str = ""
    _word: str = ""
    _percent: int = ALL_ACCOUNTS

    @rx.event
    async def choose(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Store the chosen value and ask for confirmation."""
        if self.pending or self.step in ("", CONFIRM, REVIEW):
            return
        self._begin()
        yield
        await self._run(self._review(form))

    @rx.event
    async def switch(self) -> AsyncGenerator[None, None]:
        """Set the flag to the chosen value."""
        if self.pending or self.step != REVIEW:
            return
        self._begin()
        yield
        await self._run(self._switched)

    def _review(self, form: Any) -> Action:
        async def reviewed(_context: RequestContext, _authorize: SessionPrincipal) -> None:
            values = text_fields(form, "value", "percent")
            self._word, self._percent = values["value"], _parse_percent(values["percent"])
            change = self._requested_change()
            self.change = describe_change(await self._flag_state(), change.word, change.percent)
            self._show(REVIEW)

        return reviewed

    async def _switched(self, context: RequestContext, principal: SessionPrincipal) -> None:
        flag_state = await services().feature_flags.change(context, principal, self._requested_change())
        label = flag_state.flag.label
        await self._finish(f"{label} updated. It takes effect within two seconds.", _LIST)(context, principal)

    def _requested_change(self) -> FlagChange:
        word = None if self._word == AS_SETTINGS else self._word
        return parse_flag_change(self.chosen, word, ALL_ACCOUNTS if word is None else self._percent)

    async def _flag_state(self) -> FlagState:
        flag = flag_called(self.chosen)
        return next(one for one in await services().feature_flags.all() if one.flag is flag)

    async def _fill(self, principal: SessionPrincipal) -> None:
        account = await services().profiles.of(principal.user_id)
        found = await services().feature_flags.all()
        self.rows = [flag_row(flag_state, principal.user_id) for flag_state in found]
        self.on = account.mfa_enabled
        self._show_account(principal, account)

    def _parse_intent(self, intent: object) -> str | None:
        return intent if isinstance(intent, str) and intent in {flag.name for flag in FLAGS} else None

    def _continue(self, intent: str, *, by_button: bool = False) -> Action:
        """Let the value of the flag called `intent` be chosen, after recent authentication."""
        ask_or_show = super()._continue(intent, by_button=by_button)

        async def proceed(context: RequestContext, principal: SessionPrincipal) -> None:
            self.chosen = intent
            flag_state = await self._flag_state()
            self.label = flag_state.flag.label
            self.choices, self.shared = choices_of(flag_state), flag_state.flag.per_account
            self.word = flag_state.word if flag_state.switched else AS_SETTINGS
            self.percent = str(flag_state.percent)
            await ask_or_show(context, principal)

        return proceed

    def _card(self) -> str:
        return _LIST

    def _step_back(self) -> None:
        super()._step_back()
        self.chosen = self.label = self.change = self._word = ""


def _parse_percent(text: str) -> int:
    """Return the typed share in percent; if there is none, all accounts."""
    digits = text.strip().removesuffix("%").strip()
    if not digits:
        return ALL_ACCOUNTS
    if not digits.isascii() or not digits.isdigit() or len(digits) > 3:
        raise FlagShareInvalid
    return int(digits)
