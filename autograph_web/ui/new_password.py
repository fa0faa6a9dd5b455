"""The base of forms with a new password, which is assessed while it is typed."""

from typing import Any

import reflex as rx

from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL
from autograph_web.runtime import services
from autograph_web.ui.form_state import FormState

# The meter reads at most this many characters, one more than a password may have.
_LONGEST_PASSWORD = 1025
_FIELDS = ("password", "new_password")


class NewPassword(FormState, mixin=True):
    """Vars of the strength meter.

    `score` runs from 0 to 4, and is -1 while there is nothing to assess. `shortest` is the minimum length of
    a password, 0 until the page is connected: the setting is not known when the pages are built.
    """

    shortest: int = 0
    score: int = -1
    strength: str = ""
    reasons: rx.Field[list[str]] = rx.field(default_factory=list)
    # A password derived from the owner's address is weak.
    _owner_email: str = ""

    @rx.event
    async def assess(self, password: Any, answers: Any) -> None:
        """Assess a password while it is typed; it is not stored.

        `answers` is the number of results the user had seen while typing. The page sends a password a moment
        after the last key: one typed before the form was sent can arrive after the error.
        """
        if not isinstance(password, str) or not password:
            self._reset_meter()
            return
        found = await services().policy.assess(password[:_LONGEST_PASSWORD], self._owner_email)
        self.score, self.strength, self.reasons = found.score, found.label, list(found.reasons)
        if found.acceptable and self.bad in _FIELDS and answers == self.answers:
            # Typed after the last attempt was refused: its error no longer applies.
            self._clear()

    def _reset_meter(self) -> None:
        self.score, self.strength, self.reasons = -1, "", []

    def _set_owner_email(self, email: object) -> None:
        self._owner_email = email[:LONGEST_EMAIL] if isinstance(email, str) else ""

    def _load_password_rules(self) -> None:
        self.shortest = services().settings.password_min_length
