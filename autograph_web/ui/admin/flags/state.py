"""The state behind the page of feature flags."""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar

import reflex as rx

from autograph_web.flags.errors import FlagShareInvalid
from autograph_web.flags.flags import Standing
from autograph_web.flags.inputs import EVERYBODY, Wish, read_wish
from autograph_web.flags.table import FLAGS, flag_called
from autograph_web.infra.context import RequestContext
from autograph_web.runtime import services
from autograph_web.sessions.viewer import Viewer
from autograph_web.ui.account_form import Doing
from autograph_web.ui.admin.flags.rows import (
    AS_SETTINGS,
    ChoiceRow,
    FlagRow,
    change_in_words,
    choices_of,
    flag_row,
)
from autograph_web.ui.confirming import CONFIRM, Confirming
from autograph_web.ui.form_state import text_fields
from autograph_web.ui.routes import ADMIN_FLAGS, Route

REVIEW = "review"
_LIST = "flags"


class FlagsState(Confirming, rx.State):
    """What the page of feature flags shows. Handlers that read or change anything ask anew who is looking.

    `step` is the name of the flag that is chosen for, or whether that is meant. `_word` and `_percent` are
    what was chosen; no client can set them.
    """

    _here: ClassVar[Route] = ADMIN_FLAGS

    rows: rx.Field[list[FlagRow]] = rx.field(default_factory=list)
    chosen: str = ""
    choices: rx.Field[list[ChoiceRow]] = rx.field(default_factory=list)
    word: str = ""
    percent: str = ""
    shared: bool = False
    change: str = ""
    _word: str = ""
    _percent: int = EVERYBODY

    @rx.event
    async def choose(self, form: dict[str, Any]) -> AsyncGenerator[None, None]:
        """Take what a flag is to say, and ask whether that is meant."""
        if self.pending or self.step in ("", CONFIRM, REVIEW):
            return
        self._begin()
        yield
        await self._act(self._asked(form))

    @rx.event
    async def switch(self) -> AsyncGenerator[None, None]:
        """Switch the flag as was chosen."""
        if self.pending or self.step != REVIEW:
            return
        self._begin()
        yield
        await self._act(self._switched)

    def _asked(self, form: Any) -> Doing:
        async def asked(_context: RequestContext, _looking: Viewer) -> None:
            values = text_fields(form, "value", "percent")
            self._word, self._percent = values["value"], _share(values["percent"])
            wish = self._wish_of_flag()
            self.change = change_in_words(await self._standing(), wish.word, wish.percent)
            self._show(REVIEW)

        return asked

    async def _switched(self, context: RequestContext, looking: Viewer) -> None:
        standing = await services().feature_flags.change(context, looking, self._wish_of_flag())
        label = standing.flag.label
        await self._finished(f"{label} was changed. Every worker knows within two seconds.", _LIST)(
            context, looking
        )

    def _wish_of_flag(self) -> Wish:
        word = None if self._word == AS_SETTINGS else self._word
        return read_wish(self.chosen, word, EVERYBODY if word is None else self._percent)

    async def _standing(self) -> Standing:
        flag = flag_called(self.chosen)
        return next(one for one in await services().feature_flags.all() if one.flag is flag)

    async def _fill(self, looking: Viewer) -> None:
        account = await services().profiles.of(looking.user_id)
        found = await services().feature_flags.all()
        self.rows = [flag_row(standing, looking.user_id) for standing in found]
        self.on = account.mfa_enabled
        self._show_owner(looking, account)

    def _wished(self, wish: object) -> str | None:
        return wish if isinstance(wish, str) and wish in {flag.name for flag in FLAGS} else None

    def _go_on(self, wish: str, *, asked: bool = False) -> Doing:
        """Let the flag called `wish` be chosen for, after a fresh sign-in."""
        ask_or_show = super()._go_on(wish, asked=asked)

        async def go_on(context: RequestContext, looking: Viewer) -> None:
            self.chosen = wish
            standing = await self._standing()
            self.choices, self.shared = choices_of(standing), standing.flag.per_account
            self.word = standing.word if standing.switched else AS_SETTINGS
            self.percent = str(standing.percent)
            await ask_or_show(context, looking)

        return go_on

    def _card(self) -> str:
        return _LIST

    def _step_back(self) -> None:
        super()._step_back()
        self.chosen = self.change = self._word = ""


def _share(text: str) -> int:
    """Return the share that was typed; where none is asked for, everybody."""
    digits = text.strip().removesuffix("%").strip()
    if not digits:
        return EVERYBODY
    if not digits.isascii() or not digits.isdigit() or len(digits) > 3:
        raise FlagShareInvalid
    return int(digits)
