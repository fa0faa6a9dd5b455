"""The strength meter of a form that asks for a new password."""

from typing import Any

import reflex as rx

from autograph_web.runtime import services
from autograph_web.ui.form_state import FormState

# The meter looks at no more than this (characters); nobody may have a longer password.
_LONGEST_PASSWORD = 1024
_FIELDS = ("password", "new_password")


class Strength(FormState, mixin=True):
    """Vars of the meter.

    `score` runs from 0 to 4, and is -1 while there is nothing to judge. `shortest` is the length a password
    must have, 0 until the page is connected: what the operator chose is not known when the pages are built.
    """

    shortest: int = 0
    score: int = -1
    strength: str = ""
    reasons: rx.Field[list[str]] = rx.field(default_factory=list)
    # A password made of the person's own address is a weak one.
    _meter_email: str = ""

    @rx.event
    async def assess(self, password: Any) -> None:
        """Judge a password while it is typed; it is looked at and forgotten."""
        if not isinstance(password, str) or not password:
            self._rest_meter()
            return
        found = await services().policy.assess(password[:_LONGEST_PASSWORD], self._meter_email)
        self.score, self.strength, self.reasons = found.score, found.label, list(found.reasons)
        if found.acceptable and self.bad in _FIELDS:
            # What was said about the last try is no longer so.
            self._clear()

    def _ready_meter(self) -> None:
        self.shortest = services().settings.password_min_length

    def _rest_meter(self) -> None:
        self.score, self.strength, self.reasons = -1, "", []
